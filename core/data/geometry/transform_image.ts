/**
 * Affine maps of square images, as Pillow does them.
 *
 * @module
 */

/** How a pixel is read between others. */
export type AffineInterpolation = "nearest" | "bilinear" | "bicubic";

/** How pixels are read, and what is put where there are none. */
export interface TransformOptions {
  /** How a pixel is read between others. */
  readonly interpolation: AffineInterpolation;
  /** Level of what comes in from outside, for each channel. */
  readonly fill: readonly number[];
}

/** Maps positions of the result to those of the image: x' = a x + b y + c, y' = d x + e y + f. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** An image, and what is made of it. */
interface Images {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly made: Uint8Array<ArrayBuffer>;
  readonly size: number;
  readonly channels: number;
}

/** A number in 16.16 fixed-point arithmetic. */
function fixed(value: number): number {
  return Math.floor(value * 65536 + 0.5);
}

function transformNearest(
  { image, made, size, channels }: Images,
  [a, b, c, d, e, f]: Affine,
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
          made[to + channel] = image[from + channel]!;
        }
      }
      atX += stepX;
      atY += stepY;
    }
    startX += lineX;
    startY += lineY;
  }
}

/** Calls back for each pixel of the result that lies in the image, with where it lies there. */
function forEachWithin(
  size: number,
  [a, b, c, d, e, f]: Affine,
  read: (pixel: number, x: number, y: number) => void,
): void {
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const fromX = a * (x + 0.5) + b * (y + 0.5) + c;
      const fromY = d * (x + 0.5) + e * (y + 0.5) + f;
      if (fromX < 0 || fromX >= size || fromY < 0 || fromY >= size) continue;
      read(y * size + x, fromX - 0.5, fromY - 0.5);
    }
  }
}

function transformBilinear({ image, made, size, channels }: Images, affine: Affine): void {
  const last = size - 1;
  const clip = (position: number) => Math.min(Math.max(position, 0), last);
  forEachWithin(size, affine, (pixel, x, y) => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [dx, dy] = [x - left, y - top];
    const [x0, x1] = [channels * clip(left), channels * clip(left + 1)];
    // Above the first line and below the last there is nothing to blend with.
    const [line0, line1] = [
      channels * size * clip(top),
      channels * size * (top + 1 >= 0 && top + 1 < size ? top + 1 : clip(top)),
    ];
    const to = channels * pixel;
    for (let channel = 0; channel < channels; channel++) {
      const above = image[line0 + x0 + channel]!;
      const upper = above + (image[line0 + x1 + channel]! - above) * dx;
      const below = image[line1 + x0 + channel]!;
      const lower = below + (image[line1 + x1 + channel]! - below) * dx;
      made[to + channel] = Math.trunc(upper + (lower - upper) * dy);
    }
  });
}

/** The cubic through four neighbours, between the middle two; the slopes are those of Keys' kernel with a = -1. */
function cubic(before: number, from: number, to: number, after: number, at: number): number {
  const linear = to - before;
  const square = 2 * (before - from) + to - after;
  const third = from - before - to + after;
  return from + at * (linear + at * (square + at * third));
}

function transformBicubic({ image, made, size, channels }: Images, affine: Affine): void {
  const last = size - 1;
  const clip = (position: number) => Math.min(Math.max(position, 0), last);
  const columns = [0, 0, 0, 0];
  const values = [0, 0, 0, 0];
  forEachWithin(size, affine, (pixel, x, y) => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [dx, dy] = [x - left, y - top];
    for (let i = 0; i < 4; i++) columns[i] = channels * clip(left - 1 + i);
    const [c0, c1, c2, c3] = columns as [number, number, number, number];
    const to = channels * pixel;
    for (let channel = 0; channel < channels; channel++) {
      for (let i = 0; i < 4; i++) {
        const row = top - 1 + i;
        // Beyond the last line, as before the first, the line before is taken once more.
        if (i > 0 && (row < 0 || row > last)) {
          values[i] = values[i - 1]!;
          continue;
        }
        const line = channels * size * clip(row) + channel;
        values[i] = cubic(
          image[line + c0]!,
          image[line + c1]!,
          image[line + c2]!,
          image[line + c3]!,
          dx,
        );
      }
      const value = cubic(values[0]!, values[1]!, values[2]!, values[3]!, dy);
      made[to + channel] = value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
    }
  });
}

const TRANSFORMS = {
  nearest: transformNearest,
  bilinear: transformBilinear,
  bicubic: transformBicubic,
} as const satisfies Readonly<Record<AffineInterpolation, unknown>>;

/**
 * Maps a square image to one of its size. The result is that of Pillow's `Image.transform`: bit for bit by `nearest`, and
 * otherwise but for single pixels, one in about a million, of which Pillow's compiled products and sums round to the next
 * level.
 *
 * Source: Pillow, `src/libImaging/Geometry.c`, `affine_fixed`, `bilinear_filter32RGB` and `bicubic_filter32RGB`.
 *
 * @param image uint8 `[size, size, C]`, as many channels as `fill` has
 * @param affine where each pixel of the result lies in the image
 */
export function transformImage(
  image: Uint8Array<ArrayBuffer>,
  size: number,
  affine: Affine,
  { interpolation, fill }: TransformOptions,
): Uint8Array<ArrayBuffer> {
  const channels = fill.length;
  const made = new Uint8Array(image.length);
  if (fill.some((level) => level !== 0)) {
    for (let i = 0; i < made.length; i++) made[i] = fill[i % channels]!;
  }
  TRANSFORMS[interpolation]({ image, made, size, channels }, affine);
  return made;
}
