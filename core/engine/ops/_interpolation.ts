/**
 * Interpolation along one axis as a matrix, with PyTorch's rules for `align_corners=False`.
 *
 * Source: PyTorch, aten/src/ATen/native/UpSample.h and cpu/UpSampleKernel.cpp.
 *
 * @module
 */
import type { DType } from "../graph/dtype.ts";
import { encodeNumbers } from "../graph/numbers.ts";
import { type Tensor, tensor } from "../graph/tensor.ts";

/** How pixels are made from their neighbours. */
export type Interpolation = "nearest" | "linear" | "cubic";

/** One axis of a resize. */
export interface AxisResize {
  /** Length before. */
  readonly from: number;
  /** Length after. */
  readonly to: number;
  readonly mode: Interpolation;
  /** Whether the kernel widens when the axis shrinks, so that every pixel counts. */
  readonly antialias: boolean;
}

type Kernel = (distance: number) => number;

/** The triangle on [-1, 1]. */
function triangle(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

/** Keys' cubic convolution kernel on [-2, 2] (Keys 1981, equation 15, with a free parameter). */
function keys(a: number): Kernel {
  return (distance) => {
    const x = Math.abs(distance);
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  };
}

/** The free parameter is -0.75 as in PyTorch and OpenCV, but -0.5, as in Pillow, with antialiasing. */
function kernelOf({ mode, antialias }: AxisResize): { readonly kernel: Kernel; radius: number } {
  return mode === "linear"
    ? { kernel: triangle, radius: 1 }
    : { kernel: keys(antialias ? -0.5 : -0.75), radius: 2 };
}

/** Weights of the pixels that make pixel `i`, added to a row; pixels beyond the edge count for the edge. */
function addPlainWeights(row: Float64Array, i: number, resize: AxisResize): void {
  const { from, to } = resize;
  const { kernel, radius } = kernelOf(resize);
  const centre = (i + 0.5) * from / to - 0.5;
  const first = Math.floor(centre) - radius + 1;
  for (let j = first; j < first + 2 * radius; j++) {
    row[Math.min(Math.max(j, 0), from - 1)]! += kernel(j - centre);
  }
}

/** The same with a kernel as wide as the pixel is on the old axis, normalised; nothing lies beyond the edge. */
function addWideWeights(row: Float64Array, i: number, resize: AxisResize): void {
  const { from, to } = resize;
  const { kernel, radius } = kernelOf(resize);
  const scale = from / to;
  const width = Math.max(scale, 1);
  const centre = scale * (i + 0.5);
  const first = Math.max(Math.trunc(centre - radius * width + 0.5), 0);
  const end = Math.min(Math.trunc(centre + radius * width + 0.5), from);
  let total = 0;
  for (let j = first; j < end; j++) {
    row[j] = kernel((j - centre + 0.5) / width);
    total += row[j]!;
  }
  for (let j = first; j < end; j++) row[j]! /= total;
}

/**
 * The pixel that each pixel of a nearest resize copies. PyTorch rounds the scale to float32 and so its product with the
 * pixel's number: 82 pixels out of 2 are 42 copies of the first and 40 of the second.
 */
export function nearestPixels({ from, to }: Pick<AxisResize, "from" | "to">): number[] {
  const scale = Math.fround(from / to);
  return Array.from(
    { length: to },
    (_, i) => Math.min(Math.floor(Math.fround(i * scale)), from - 1),
  );
}

/** The matrix `[to, from]` whose product with a column of pixels is the resized column. */
export function interpolationMatrix(dtype: DType, resize: AxisResize): Tensor {
  const { from, to, mode, antialias } = resize;
  const weights = new Float64Array(to * from);
  const nearest = mode === "nearest" ? nearestPixels(resize) : [];
  for (let i = 0; i < to; i++) {
    const row = weights.subarray(i * from, (i + 1) * from);
    if (mode === "nearest") row[nearest[i]!] = 1;
    else if (antialias) addWideWeights(row, i, resize);
    else addPlainWeights(row, i, resize);
  }
  return tensor(dtype, [to, from], encodeNumbers(dtype, weights));
}
