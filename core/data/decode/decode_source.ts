/**
 * Decoding of single images, whichever way they come.
 *
 * @module
 */
import type { EncodedSource, ImageSource, MaskedImage } from "../dataset.ts";
import { openImage } from "./encoded_image.ts";
import { unreadableImage } from "./read_image_file.ts";

/**
 * Reads the bytes of an encoded image.
 *
 * @throws {UnreadableImageError} if they cannot be read
 */
export async function readSource({ name, read }: EncodedSource): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await read();
  } catch (cause) {
    throw unreadableImage(name, cause);
  }
}

/**
 * Reads and decodes an image at its full size, or renders it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fileSource } from "../dataset_of.ts";
 * import { decodeSource } from "./decode_source.ts";
 *
 * const photo = new URL("../../../fixtures/images/photo.jpg", import.meta.url).pathname;
 * const { width, height } = await decodeSource(fileSource(photo));
 * assertEquals([width, height], [500, 375]);
 * ```
 *
 * @param epoch for which rendered images are rendered (default 0)
 * @throws {UnreadableImageError} if it cannot be read or decoded
 */
export async function decodeSource(source: ImageSource, epoch = 0): Promise<MaskedImage> {
  if (source.kind === "rendered") return await source.render(epoch);
  return await (await openImage(await readSource(source), source.name)).decode();
}
