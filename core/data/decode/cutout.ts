/**
 * Decoding of images whose transparency is of interest.
 *
 * @module
 */
import type { MaskedImage } from "../dataset.ts";
import { decodeInTurn } from "./decoding_turns.ts";
import { requireImageFormat } from "./image_format.ts";
import { loadSharp } from "./load_sharp.ts";

/**
 * Decodes an image file whose transparency tells the foreground from the background: colours as they are stored, and
 * opacity as the mask.
 *
 * @param name what errors call it
 * @param size height and width to which the image is resized, if given
 * @throws {UnreadableImageError} if the bytes are no whole image
 */
export async function decodeCutout(
  bytes: Uint8Array,
  name: string,
  size?: number,
): Promise<Required<MaskedImage>> {
  requireImageFormat(bytes, name);
  const open = await loadSharp();
  const { data, info } = await decodeInTurn(name, () => {
    const image = open(bytes);
    if (size !== undefined) image.resize(size, size, { fit: "fill", kernel: "lanczos3" });
    return image.ensureAlpha().toColourspace("srgb").raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
  });
  const count = info.width * info.height;
  const colours = new Uint8Array(3 * count);
  const mask = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    colours.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
    mask[i] = data[4 * i + 3]!;
  }
  return { width: info.width, height: info.height, data: colours, mask };
}
