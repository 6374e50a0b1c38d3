/**
 * Rotation of square images, as Pillow does it.
 *
 * @module
 */

import { type Affine, transformImage, type TransformOptions } from "./transform_image.ts";

/** Rounded to 15 decimals, as Pillow does with sines and cosines. */
function rounded(value: number): number {
  return Number(value.toFixed(15));
}

function rotationOf(degrees: number, size: number): Affine {
  const radians = -(degrees * Math.PI) / 180;
  const [cosine, sine] = [rounded(Math.cos(radians)), rounded(Math.sin(radians))];
  const centre = size / 2;
  const c = cosine * -centre + sine * -centre + centre;
  const f = rounded(-Math.sin(radians)) * -centre + cosine * -centre + centre;
  return [cosine, sine, c, rounded(-Math.sin(radians)), cosine, f];
}

/** Turns by a multiple of 90 degrees: pixels change their places, and none is read between others. */
function turn(
  image: Uint8Array<ArrayBuffer>,
  size: number,
  channels: number,
  quarters: number,
): Uint8Array<ArrayBuffer> {
  const turned = new Uint8Array(image.length);
  const last = size - 1;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [fromX, fromY] = quarters === 1
        ? [last - y, x]
        : quarters === 2
        ? [last - x, last - y]
        : [y, last - x];
      const [from, to] = [channels * (fromY * size + fromX), channels * (y * size + x)];
      for (let channel = 0; channel < channels; channel++) {
        turned[to + channel] = image[from + channel]!;
      }
    }
  }
  return turned;
}

/**
 * Rotates a square image about its middle; it keeps its size, and its corners are lost. The result is that of Pillow's
 * `Image.rotate`, as {@linkcode transformImage}'s is that of its `Image.transform`.
 *
 * Source: Pillow, `PIL/Image.py`, `Image.rotate`.
 *
 * @param image uint8 `[size, size, C]`, as many channels as `fill` has
 * @param degrees counter-clockwise
 */
export function rotateImage(
  image: Uint8Array<ArrayBuffer>,
  size: number,
  degrees: number,
  options: TransformOptions,
): Uint8Array<ArrayBuffer> {
  const angle = ((degrees % 360) + 360) % 360;
  if (angle === 0) return image.slice();
  if (angle % 90 === 0) return turn(image, size, options.fill.length, angle / 90);
  return transformImage(image, size, rotationOf(angle, size), options);
}
