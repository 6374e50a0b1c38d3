/**
 * Writing of images.
 *
 * @module
 */
import type { Tensor } from "../engine/graph/tensor.ts";
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { type NewFileOptions, writeNewFile } from "../files/new_file.ts";
import type { RgbImage } from "./dataset.ts";

/** Formats that are written. */
export type ImageFormat = "png" | "jpeg";

/** How an image is encoded. */
export interface EncodeImageOptions {
  /** Default `png`, which loses nothing. */
  readonly format?: ImageFormat;
  /** Quality of JPEG, from 1 to 100 (default 95). */
  readonly quality?: number;
}

/** An image, or a tensor of its pixels: uint8 `[H, W, 3]`, or `[H, W, 1]` for a grey one. */
export type WritableImage = RgbImage | Tensor<"uint8">;

const EXTENSIONS: Readonly<Record<string, ImageFormat>> = { png: "png", jpg: "jpeg", jpeg: "jpeg" };

/** Pixels with 1 or 3 bytes each. */
interface Pixels extends RgbImage {
  readonly channels: 1 | 3;
}

function pixelsOf(image: WritableImage): Pixels {
  if (!("shape" in image)) {
    const { width, height, data } = image;
    if (data.length === 3 * width * height) return { ...image, channels: 3 };
    throw new GenviewRangeError(
      `Cannot encode an image: it must have 3 bytes for each of its ${width} x ${height} pixels, found ${data.length}`,
    );
  }
  const [height, width, channels] = image.shape;
  const isImage = image.dtype === "uint8" && image.shape.length === 3;
  if (isImage && (channels === 1 || channels === 3)) {
    return { width: width!, height: height!, data: image.data, channels };
  }
  throw new GenviewTypeError(
    `Cannot encode an image: a tensor must be uint8 [H, W, 1 or 3], found ${image.dtype} [${
      image.shape.join(", ")
    }]`,
  );
}

/**
 * Encodes an image as the bytes of a file.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openImage } from "./decode/encoded_image.ts";
 * import { encodeImage } from "./write_image.ts";
 *
 * const red = { width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 250, 0, 0) };
 * const bytes = await encodeImage(red);
 * const { data } = await (await openImage(bytes, "red")).decode();
 * assertEquals(data, red.data);
 * ```
 *
 * @throws {RangeError} if the image's bytes are not its pixels, or the quality is out of range
 * @throws {TypeError} if a tensor is no image
 */
export async function encodeImage(
  image: WritableImage,
  { format = "png", quality = 95 }: EncodeImageOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, data, channels } = pixelsOf(image);
  if (!(Number.isInteger(quality) && quality >= 1 && quality <= 100)) {
    throw new GenviewRangeError(
      `Cannot encode an image: the quality must be an integer from 1 to 100, found ${quality}`,
    );
  }
  const { sharp } = await import("../deps/sharp.ts");
  const picture = sharp(data, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? "b-w" : "srgb");
  const encoded = format === "png"
    ? picture.png()
    : picture.jpeg({ quality, chromaSubsampling: "4:4:4" });
  return new Uint8Array(await encoded.toBuffer());
}

/**
 * Writes an image to a file, as PNG or JPEG by its extension. The file appears whole or not at all.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { filled } from "../engine/graph/tensor.ts";
 * import { fileSource } from "./dataset_of.ts";
 * import { decodeSource } from "./decode/decode_source.ts";
 * import { writeImage } from "./write_image.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await writeImage(`${folder}/gray.png`, filled("uint8", [4, 6, 3], 128));
 * const { width, height } = await decodeSource(fileSource(`${folder}/gray.png`));
 * assertEquals([width, height], [6, 4]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @throws {TypeError} if the extension is none of png, jpg and jpeg, or a tensor is no image
 * @throws {RangeError} if the image's bytes are not its pixels, or the quality is out of range
 * @throws {Deno.errors.AlreadyExists} if there is such a file and `overwrite` is not set
 */
export async function writeImage(
  path: string,
  image: WritableImage,
  { quality, ...files }: Omit<EncodeImageOptions, "format"> & NewFileOptions = {},
): Promise<void> {
  const extension = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  const format = Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined;
  if (format === undefined) {
    throw new GenviewTypeError(
      `Cannot write ${path}: the extension of an image must be png, jpg or jpeg, found ${
        extension === "" ? "none" : `"${extension}"`
      }`,
    );
  }
  const bytes = await encodeImage(image, { format, ...(quality !== undefined && { quality }) });
  await writeNewFile(path, bytes, files);
}
