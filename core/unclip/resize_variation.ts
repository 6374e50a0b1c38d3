/**
 * Variations in the size that they are kept in.
 *
 * @module
 */
import type { RgbImage } from "../data/dataset.ts";
import { cutView } from "../data/geometry/cut_view.ts";

/** An image resized to a square, by Pillow's bicubic kernel, bit for bit. */
export function resizeVariation(image: RgbImage, size: number): RgbImage {
  const { width, height } = image;
  if (width === size && height === size) return image;
  const data = new Uint8Array(3 * size ** 2);
  const crop = { left: 0, top: 0, width, height };
  const resized = { width: size, height: size };
  const placement = { crop, resized, left: 0, top: 0, size, flip: false };
  cutView(image, { ...placement, interpolation: "bicubic" }, data, 0);
  return { width: size, height: size, data };
}
