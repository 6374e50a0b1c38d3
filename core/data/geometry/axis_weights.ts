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
 * The windows of an axis. Where the axis shrinks, the kernel widens with it, which is what keeps the result free of
 * aliasing.
 *
 * Source: Pillow, `src/libImaging/Resample.c`, `precompute_coeffs`; PyTorch's `interpolate` with `antialias`.
 */
class Windows {
  readonly starts: Int32Array;
  readonly taps: Int32Array;
  readonly stride: number;
  readonly #axis: ResizedAxis;
  readonly #kernel: Kernel;
  readonly #scale: number;
  readonly #widening: number;
  readonly #support: number;

  constructor(axis: ResizedAxis, interpolation: Interpolation) {
    this.#axis = axis;
    this.#kernel = KERNELS[interpolation];
    this.#scale = (axis.to - axis.from) / axis.size;
    this.#widening = Math.max(this.#scale, 1);
    this.#support = this.#kernel.support * this.#widening;
    this.stride = Math.ceil(this.#support) * 2 + 1;
    this.starts = new Int32Array(axis.count);
    this.taps = new Int32Array(axis.count);
  }

  /** Writes the weights of a pixel, which add up to 1, into a list from an index on. */
  write(i: number, weights: Float64Array, first: number): void {
    const axis = this.#axis;
    const kernel = this.#kernel;
    const centre = axis.from + (axis.first + i + 0.5) * this.#scale;
    const start = Math.max(0, Math.trunc(centre - this.#support + 0.5));
    const taps = Math.min(axis.length, Math.trunc(centre + this.#support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const weight = kernel.at((start + k - centre + 0.5) / this.#widening);
      weights[first + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < taps; k++) weights[first + k]! /= sum;
    this.starts[i] = start;
    this.taps[i] = taps;
  }
}

/** The weights of an axis as real numbers, those of a pixel adding up to 1. */
export function realAxisWeights(
  axis: ResizedAxis,
  interpolation: Interpolation,
): AxisWeights<Float64Array> {
  const windows = new Windows(axis, interpolation);
  const { starts, taps, stride } = windows;
  const weights = new Float64Array(axis.count * stride);
  for (let i = 0; i < axis.count; i++) windows.write(i, weights, i * stride);
  return { starts, taps, weights, stride };
}

/**
 * The weights of an axis in fixed point.
 *
 * Source: Pillow, `src/libImaging/Resample.c`, `normalize_coeffs_8bpc`.
 */
export function axisWeights(axis: ResizedAxis, interpolation: Interpolation): AxisWeights {
  const windows = new Windows(axis, interpolation);
  const { starts, taps, stride } = windows;
  const weights = new Int32Array(axis.count * stride);
  const row = new Float64Array(stride);
  for (let i = 0; i < axis.count; i++) {
    windows.write(i, row, 0);
    const count = taps[i]!;
    for (let k = 0; k < count; k++) {
      const weight = row[k]! * ONE;
      weights[i * stride + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
  }
  return { starts, taps, weights, stride };
}
