/**
 * Sizes of PNG files.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";

const CSS_PIXELS_PER_INCH = 96;
const METERS_PER_INCH = 0.0254;
const SIGNATURE_BYTES = 8;

/** Width and height of a picture as it is meant to be shown. */
export interface PictureSize {
  /** CSS pixels. */
  readonly width: number;
  /** CSS pixels. */
  readonly height: number;
}

/**
 * The size in CSS pixels at which a PNG file is meant to be shown, by its pixels and the resolution it states.
 *
 * @throws {TypeError} if the bytes are no PNG file
 */
export function pngSize(png: Uint8Array): PictureSize {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const typeAt = (start: number) => String.fromCharCode(...png.subarray(start + 4, start + 8));
  if (png.length < 33 || view.getUint32(0) !== 0x89504e47 || typeAt(SIGNATURE_BYTES) !== "IHDR") {
    throw new GenviewTypeError(
      "Cannot measure a picture: it must be a PNG file, found other bytes",
    );
  }
  let ratio = 1;
  for (let start = SIGNATURE_BYTES; start + 12 <= png.length && typeAt(start) !== "IDAT";) {
    const isMetric = typeAt(start) === "pHYs" && start + 17 <= png.length && png[start + 16] === 1;
    const perInch = isMetric ? view.getUint32(start + 8) * METERS_PER_INCH : 0;
    // libvips writes 25.4 where it knows no resolution: less than a screen's is taken for none.
    if (perInch > CSS_PIXELS_PER_INCH) ratio = CSS_PIXELS_PER_INCH / perInch;
    start += 12 + view.getUint32(start);
  }
  const shown = (pixels: number) => Math.round(pixels * ratio);
  return { width: shown(view.getUint32(16)), height: shown(view.getUint32(20)) };
}
