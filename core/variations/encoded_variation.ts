/**
 * Files of variations, marked by a hash in their metadata.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { requireImageFormat } from "../data/decode/image_format.ts";
import { readImageFile } from "../data/decode/read_image_file.ts";
import type { RgbImage } from "../data/mod.ts";
import { isJpeg } from "./output_names.ts";

const MARK = /genview variation ([0-9a-f]{32})/;

/** Loads the native library on first use, since importing a module of this project must load none. */
async function loadLibrary() {
  return await import("../deps/sharp.ts");
}

/** The mark of a variation, a hash of its line in the manifest. */
export function markOf(line: string): string {
  return createHash("sha256").update(line).digest("hex").slice(0, 32);
}

/**
 * A variation as the bytes of a JPEG or PNG file, whichever its name says, with its mark in the description.
 *
 * @param quality of a JPEG file, in [1, 100]; its colours are halved in both directions, as Pillow does
 */
export async function encodeVariation(
  { width, height, data }: RgbImage,
  path: string,
  quality: number,
  mark: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { sharp } = await loadLibrary();
  const picture = sharp(data, { raw: { width, height, channels: 3 } })
    .withExif({ IFD0: { Software: "genview", ImageDescription: `genview variation ${mark}` } });
  const encoded = isJpeg(path)
    ? picture.jpeg({ quality, chromaSubsampling: "4:2:0" })
    : picture.png();
  return new Uint8Array(await encoded.toBuffer());
}

/** The mark of a file; undefined if it has none. */
export async function readMark(path: string): Promise<string | undefined> {
  const { sharp } = await loadLibrary();
  let description: Uint8Array | undefined;
  try {
    const bytes = await readImageFile(path);
    requireImageFormat(bytes, path);
    description = (await sharp(bytes).metadata()).exif;
  } catch {
    // A file that is no image has no mark.
    return undefined;
  }
  return MARK.exec(new TextDecoder("latin1").decode(description))?.[1];
}
