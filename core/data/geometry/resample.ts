/**
 * Resizing of 8-bit RGB images with Pillow's arithmetic: first along the rows, then along the columns, in fixed point
 * with 22 bits, rounded to 8 bits in between. The results are Pillow's, bit for bit.
 *
 * Source: Pillow, `src/libImaging/Resample.c`, `ImagingResampleHorizontal_8bpc` and `ImagingResampleVertical_8bpc`.
 *
 * @module
 */
import type { AxisWeights } from "./axis_weights.ts";

/** Bits after the point of a weight. A constant of its own, as an imported one is read anew for every pixel (1.5 times). */
const BITS = 22;

const HALF = 1 << (BITS - 1);

/** Most taps that the unrolled loops take; halving with the bilinear kernel needs no more. */
const UNROLLED = 4;

/** A window of an RGB image. */
export interface RgbWindow {
  readonly data: Uint8Array<ArrayBuffer>;
  /** Index of the first pixel's red byte. */
  readonly offset: number;
  /** Bytes from one row to the next. */
  readonly pitch: number;
  readonly rows: number;
}

function clamp(sum: number): number {
  const value = sum >> BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Up to four taps as weights and distances from the first; those that are missing weigh nothing and point at it. */
type Taps = readonly [number, number, number, number, number, number, number];

function unroll(axis: AxisWeights, i: number, step: number): Taps {
  const at = i * axis.stride;
  const count = axis.taps[i]!;
  const w = axis.weights;
  return [
    w[at]!,
    count > 1 ? w[at + 1]! : 0,
    count > 2 ? w[at + 2]! : 0,
    count > 3 ? w[at + 3]! : 0,
    count > 1 ? step : 0,
    count > 2 ? 2 * step : 0,
    count > 3 ? 3 * step : 0,
  ];
}

/** Gathers one column of the result from up to four columns of the source. */
function gatherColumn(
  { data, offset, pitch, rows }: RgbWindow,
  [w0, w1, w2, w3, d1, d2, d3]: Taps,
  start: number,
  target: Uint8Array,
  column: number,
  targetPitch: number,
): void {
  let from = offset + 3 * start;
  let to = 3 * column;
  for (let y = 0; y < rows; y++, from += pitch, to += targetPitch) {
    const b = from + d1;
    const c = from + d2;
    const d = from + d3;
    target[to] = clamp(
      HALF + Math.imul(w0, data[from]!) + Math.imul(w1, data[b]!) +
          Math.imul(w2, data[c]!) + Math.imul(w3, data[d]!) | 0,
    );
    target[to + 1] = clamp(
      HALF + Math.imul(w0, data[from + 1]!) + Math.imul(w1, data[b + 1]!) +
          Math.imul(w2, data[c + 1]!) + Math.imul(w3, data[d + 1]!) | 0,
    );
    target[to + 2] = clamp(
      HALF + Math.imul(w0, data[from + 2]!) + Math.imul(w1, data[b + 2]!) +
          Math.imul(w2, data[c + 2]!) + Math.imul(w3, data[d + 2]!) | 0,
    );
  }
}

/** Gathers one row of the result from one row of the source, with any number of taps. */
function gatherRow(
  data: Uint8Array,
  from: number,
  { starts, taps, weights, stride }: AxisWeights,
  target: Uint8Array,
  to: number,
  step: number,
): void {
  for (let i = 0; i < taps.length; i++, to += step) {
    let at = from + 3 * starts[i]!;
    const first = i * stride;
    const end = first + taps[i]!;
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    for (let k = first; k < end; k++, at += 3) {
      const weight = weights[k]!;
      red = (red + Math.imul(weight, data[at]!)) | 0;
      green = (green + Math.imul(weight, data[at + 1]!)) | 0;
      blue = (blue + Math.imul(weight, data[at + 2]!)) | 0;
    }
    target[to] = clamp(red);
    target[to + 1] = clamp(green);
    target[to + 2] = clamp(blue);
  }
}

/** Resizes the rows of a window by the weights of the horizontal axis; mirrors them if `flip`. */
export function resampleRows(
  window: RgbWindow,
  axis: AxisWeights,
  flip: boolean,
): Uint8Array<ArrayBuffer> {
  const width = axis.taps.length;
  const target = new Uint8Array(3 * width * window.rows);
  if (axis.taps.every((count) => count <= UNROLLED)) {
    for (let i = 0; i < width; i++) {
      const column = flip ? width - 1 - i : i;
      gatherColumn(window, unroll(axis, i, 3), axis.starts[i]!, target, column, 3 * width);
    }
    return target;
  }
  for (let y = 0; y < window.rows; y++) {
    const from = window.offset + y * window.pitch;
    const to = 3 * width * y + (flip ? 3 * (width - 1) : 0);
    gatherRow(window.data, from, axis, target, to, flip ? -3 : 3);
  }
  return target;
}

/** Resizes columns: gathers rows of `pitch` bytes by the weights of the vertical axis into `target`, from `offset` on. */
export function resampleColumns(
  source: Uint8Array<ArrayBuffer>,
  pitch: number,
  axis: AxisWeights,
  target: Uint8Array<ArrayBuffer>,
  offset: number,
): void {
  const sums = new Int32Array(pitch);
  for (let i = 0; i < axis.taps.length; i++) {
    const from = axis.starts[i]! * pitch;
    const to = offset + i * pitch;
    if (axis.taps[i]! <= UNROLLED) {
      const [w0, w1, w2, w3, d1, d2, d3] = unroll(axis, i, pitch);
      for (let x = 0; x < pitch; x++) {
        const at = from + x;
        target[to + x] = clamp(
          HALF + Math.imul(w0, source[at]!) + Math.imul(w1, source[at + d1]!) +
              Math.imul(w2, source[at + d2]!) + Math.imul(w3, source[at + d3]!) | 0,
        );
      }
      continue;
    }
    sums.fill(HALF);
    for (let k = 0; k < axis.taps[i]!; k++) {
      const weight = axis.weights[i * axis.stride + k]!;
      const row = from + k * pitch;
      for (let x = 0; x < pitch; x++) {
        sums[x] = (sums[x]! + Math.imul(weight, source[row + x]!)) | 0;
      }
    }
    for (let x = 0; x < pitch; x++) target[to + x] = clamp(sums[x]!);
  }
}
