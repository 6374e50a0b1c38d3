/**
 * The weights with which pixels of one axis are gathered when it is resized.
 *
 * @module
 */
import type { Interpolation } from "../views/recipe.ts";

/** What a weight of 1 is stored as. */
const ONE = 2 ** 22;

/** One axis of a resize. */
export interface ResizedAxis {
  /** Pixels that there are. */
  readonly length: number;
  /** Where the stretch that is resized begins and ends, in pixels; it may begin within a pixel. */
  readonly from: number;
  readonly to: number;
  /** Pixels that the stretch is resized to. */
  readonly size: number;
  /** First pixel that is wanted of those, and how many. */
  readonly first: number;
  readonly count: number;
}

/** Weights of an axis: pixel i is the sum over k < `taps[i]` of `weights[i * stride + k]` times pixel `starts[i] + k`. */
export interface AxisWeights<Weights = Int32Array> {
  readonly starts: Int32Array;
  readonly taps: Int32Array;
  /** In units of 2^-22 where they are integers. */
  readonly weights: Weights;
  readonly stride: number;
}

interface Kernel {
  readonly support: number;
  at(distance: number): number;
}

/** Keys' cubic convolution with a = -0.5. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

const KERNELS: Readonly<Record<Interpolation, Kernel>> = {
  bilinear: { support: 1, at: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  bicubic: { support: 2, at: cubic },
};

/**
 * The weights of an axis as real numbers, those of a pixel adding up to 1. Where the axis shrinks, the kernel widens with
 * it, which is what keeps the result free of aliasing.
 *
 * Source: Pillow, `src/libImaging/Resample.c`, `precompute_coeffs`; PyTorch's `interpolate` with `antialias`.
 */
export function realAxisWeights(
  axis: ResizedAxis,
  interpolation: Interpolation,
): AxisWeights<Float64Array> {
  const kernel = KERNELS[interpolation];
  const scale = (axis.to - axis.from) / axis.size;
  const widening = Math.max(scale, 1);
  const support = kernel.support * widening;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(axis.count);
  const taps = new Int32Array(axis.count);
  const weights = new Float64Array(axis.count * stride);
  for (let i = 0; i < axis.count; i++) {
    const centre = axis.from + (axis.first + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(axis.length, Math.trunc(centre + support + 0.5));
    const first = i * stride;
    let sum = 0;
    for (let k = 0; k < end - start; k++) {
      weights[first + k] = kernel.at((start + k - centre + 0.5) / widening);
      sum += weights[first + k]!;
    }
    for (let k = 0; k < end - start; k++) weights[first + k]! /= sum;
    starts[i] = start;
    taps[i] = end - start;
  }
  return { starts, taps, weights, stride };
}

/**
 * The weights of an axis in fixed point.
 *
 * Source: Pillow, `src/libImaging/Resample.c`, `normalize_coeffs_8bpc`.
 */
export function axisWeights(axis: ResizedAxis, interpolation: Interpolation): AxisWeights {
  const { weights, ...window } = realAxisWeights(axis, interpolation);
  const fixed = new Int32Array(weights.length);
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]! * ONE;
    fixed[i] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
  }
  return { ...window, weights: fixed };
}
