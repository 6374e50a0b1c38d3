/**
 * Decoding of image files.
 *
 * Pixels are what Pillow's `Image.open(file)`, `ImageOps.exif_transpose` and `convert("RGB")` give: no colour profile
 * is applied, and CMYK is converted by arithmetic. Beyond that, 16-bit samples keep their upper byte, transparent
 * pixels are laid on white, and an animation gives its first frame.
 *
 * @module
 */
import type { Sharp } from "../../deps/sharp.ts";
import type { RgbImage } from "../dataset.ts";
import type { CropBox } from "../views/parameters.ts";
import { cmykToRgb } from "./cmyk_to_rgb.ts";
import { decodeInTurn } from "./decoding_turns.ts";
import { requireImageFormat } from "./image_format.ts";
import { type ImageSize, readJpegSize } from "./jpeg_header.ts";
import { loadSharp, type OpenSharp } from "./load_sharp.ts";

/** The pixels of an image file. */
export interface DecodedImage extends RgbImage {
  /**
   * The part of the whole image that the pixels show. At a reduced scale that is all of it but a few columns and rows
   * at one side, where the size is no multiple of what a pixel stands for.
   */
  readonly span: CropBox;
}

/** An image file whose header has been read. Sizes are those after EXIF orientation. */
export interface EncodedImage {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** Whether it decodes faster at a reduced scale, as JPEG does. */
  readonly reducible: boolean;
  /**
   * Decodes the pixels; at a fraction of the size if `reduction` is 3, 5 or 9.
   *
   * JPEG is then decoded at a half, a quarter or an eighth, and resized from there: libvips takes these powers of two
   * only when the target is smaller still.
   *
   * @throws {UnreadableImageError} if the file is truncated or corrupt
   */
  decode(reduction?: Reduction): Promise<DecodedImage>;
}

/** How many times smaller an image is decoded. */
export type Reduction = 1 | 3 | 5 | 9;

/** Pixels of the file that one pixel of libjpeg's output stands for, in each direction. */
const SCALES: Readonly<Record<Reduction, number>> = { 1: 1, 3: 2, 5: 4, 9: 8 };

/** EXIF orientations that turn an axis around, so that what is missing at its end comes to its beginning. */
const TURNED_X: readonly number[] = [2, 3, 6, 7];
const TURNED_Y: readonly number[] = [3, 4, 7, 8];

/** What decoding goes by. */
interface Header {
  /** After EXIF orientation. */
  readonly size: ImageSize;
  /** Of EXIF, 1 to 8. */
  readonly orientation: number;
  readonly jpeg: boolean;
  readonly cmyk: boolean;
}

/** Reads a header: that of a plain JPEG file without the decoder, for which it is a tenth of the work of decoding. */
async function readHeader(open: OpenSharp, bytes: Uint8Array): Promise<Header> {
  const size = readJpegSize(bytes);
  if (size !== undefined) return { size, orientation: 1, jpeg: true, cmyk: false };
  const { autoOrient, orientation = 1, format, space } = await open(bytes).metadata();
  return { size: autoOrient, orientation, jpeg: format === "jpeg", cmyk: space === "cmyk" };
}

/** The part of an image that is left at a reduced scale: libvips drops the columns and rows that fill no pixel. */
function spanOf({ size, orientation }: Header, reduction: Reduction): CropBox {
  const scale = SCALES[reduction];
  const width = Math.max(1, Math.floor(size.width / scale)) * scale;
  const height = Math.max(1, Math.floor(size.height / scale)) * scale;
  return {
    left: TURNED_X.includes(orientation) ? size.width - width : 0,
    top: TURNED_Y.includes(orientation) ? size.height - height : 0,
    width,
    height,
  };
}

async function pixels(image: Sharp, { cmyk }: Header): Promise<RgbImage> {
  const plain = cmyk
    ? image.pipelineColourspace("cmyk").toColourspace("cmyk")
    : image.flatten({ background: "white" }).toColourspace("srgb");
  const { data, info } = await plain.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return { width: info.width, height: info.height, data: cmyk ? cmykToRgb(bytes) : bytes };
}

/**
 * Reads the header of an image file.
 *
 * @param name what errors call it
 * @throws {UnreadableImageError} if the bytes are no image in a format that data sets may hold
 */
export async function openImage(bytes: Uint8Array, name: string): Promise<EncodedImage> {
  requireImageFormat(bytes, name);
  const open = await loadSharp();
  const header = await decodeInTurn(name, () => readHeader(open, bytes));
  const { width, height } = header.size;
  return {
    width,
    height,
    reducible: header.jpeg && !header.cmyk,
    async decode(reduction = 1) {
      const decoded = await decodeInTurn(name, () => {
        const image = open(bytes);
        if (reduction > 1) {
          image.resize(
            Math.max(1, Math.floor(width / reduction)),
            Math.max(1, Math.floor(height / reduction)),
            { fit: "fill", kernel: "lanczos3" },
          );
        }
        return pixels(image, header);
      });
      return { ...decoded, span: spanOf(header, reduction) };
    },
  };
}
