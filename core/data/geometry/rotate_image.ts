/**
 * Rotation of square images, as Pillow does it.
 *
 * @module
 */

/** How a pixel is read between others. */
export type RotationInterpolation = "nearest" | "bilinear";

/** How {@linkcode rotateImage} rotates. */
export interface RotationOptions {
  readonly interpolation: RotationInterpolation;
  /** Level of what comes in from outside, for each channel. */
  readonly fill: readonly number[];
}

/** Maps positions of the result to those of the image: x' = a x + b y + c, y' = d x + e y + f. */
type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

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

/** A number in 16.16 fixed-point arithmetic. */
function fixed(value: number): number {
  return Math.floor(value * 65536 + 0.5);
}

function rotateNearest(
  image: Uint8Array<ArrayBuffer>,
  size: number,
  channels: number,
  [a, b, c, d, e, f]: Affine,
  rotated: Uint8Array<ArrayBuffer>,
): void {
  const [stepX, stepY] = [fixed(a), fixed(d)];
  const [lineX, lineY] = [fixed(b), fixed(e)];
  let [startX, startY] = [fixed(c + a * 0.5 + b * 0.5), fixed(f + d * 0.5 + e * 0.5)];
  for (let y = 0; y < size; y++) {
    let [atX, atY] = [startX, startY];
    for (let x = 0; x < size; x++) {
      const [fromX, fromY] = [atX >> 16, atY >> 16];
      if (fromX >= 0 && fromX < size && fromY >= 0 && fromY < size) {
        const [from, to] = [channels * (fromY * size + fromX), channels * (y * size + x)];
        for (let channel = 0; channel < channels; channel++) {
          rotated[to + channel] = image[from + channel]!;
        }
      }
      atX += stepX;
      atY += stepY;
    }
    startX += lineX;
    startY += lineY;
  }
}

function rotateBilinear(
  image: Uint8Array<ArrayBuffer>,
  size: number,
  channels: number,
  [a, b, c, d, e, f]: Affine,
  rotated: Uint8Array<ArrayBuffer>,
): void {
  const last = size - 1;
  const clip = (position: number) => Math.min(Math.max(position, 0), last);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const fromX = a * (x + 0.5) + b * (y + 0.5) + c;
      const fromY = d * (x + 0.5) + e * (y + 0.5) + f;
      if (fromX < 0 || fromX >= size || fromY < 0 || fromY >= size) continue;
      const [left, top] = [Math.floor(fromX - 0.5), Math.floor(fromY - 0.5)];
      const [dx, dy] = [fromX - 0.5 - left, fromY - 0.5 - top];
      const [x0, x1] = [channels * clip(left), channels * clip(left + 1)];
      // Above the first line and below the last there is nothing to blend with.
      const [line0, line1] = [
        channels * size * clip(top),
        channels * size * (top + 1 >= 0 && top + 1 < size ? top + 1 : clip(top)),
      ];
      const to = channels * (y * size + x);
      for (let channel = 0; channel < channels; channel++) {
        const above = image[line0 + x0 + channel]!;
        const upper = above + (image[line0 + x1 + channel]! - above) * dx;
        const below = image[line1 + x0 + channel]!;
        const lower = below + (image[line1 + x1 + channel]! - below) * dx;
        rotated[to + channel] = Math.trunc(upper + (lower - upper) * dy);
      }
    }
  }
}

/**
 * Rotates a square image about its middle; it keeps its size, and its corners are lost. The result is that of Pillow's
 * `Image.rotate`: bit for bit by `nearest`, and by `bilinear` but for single pixels, one in about a million, of which
 * Pillow's compiled products and sums round to the next level.
 *
 * Source: Pillow, `PIL/Image.py`, `Image.rotate`; `src/libImaging/Geometry.c`, `affine_fixed` and `bilinear_filter32RGB`.
 *
 * @param image uint8 `[size, size, C]`, as many channels as `fill` has
 * @param degrees counter-clockwise
 */
export function rotateImage(
  image: Uint8Array<ArrayBuffer>,
  size: number,
  degrees: number,
  { interpolation, fill }: RotationOptions,
): Uint8Array<ArrayBuffer> {
  const channels = fill.length;
  const angle = ((degrees % 360) + 360) % 360;
  if (angle === 0) return image.slice();
  if (angle % 90 === 0) return turn(image, size, channels, angle / 90);
  const rotated = new Uint8Array(image.length);
  if (fill.some((level) => level !== 0)) {
    for (let i = 0; i < rotated.length; i++) rotated[i] = fill[i % channels]!;
  }
  const rotate = interpolation === "nearest" ? rotateNearest : rotateBilinear;
  rotate(image, size, channels, rotationOf(angle, size), rotated);
  return rotated;
}
