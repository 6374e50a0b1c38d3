/**
 * Ways to compute the gradient of a convolution by its weight. All give the same numbers up to rounding.
 *
 * @module
 */
import { elementCount } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";
import { concat } from "../concat.ts";
import { fusedMatMul } from "../fused_mat_mul.ts";
import { reshape } from "../reshape.ts";
import { transpose } from "../transpose.ts";
import { allTaps, padSpatial } from "./_taps.ts";
import { type ConvProblem, spatial } from "./problem.ts";

/** What the gradient by the weight is made of. */
export interface WeightGradientValues {
  /** Input of the convolution, `[N, C, ...]`. */
  readonly x: Value;
  /** Gradient by its output, `[N, K, ...]`. */
  readonly dy: Value;
}

/** `[N, G * C, ...]` as `[G, C, N, ...]`. */
function channelsFirst(x: Value, group: number): Value {
  const [batch, channels, ...lengths] = x.shape as [number, number, ...number[]];
  const split = reshape(x, [batch, group, channels / group, ...lengths]);
  return transpose(split, [1, 2, 0, ...lengths.map((_, axis) => axis + 3)]);
}

/** `[G, K / G, taps * C]` as the weight's shape, `[K, C, ...]`. */
function asWeight(product: Value, { w }: ConvProblem): Value {
  const taps = elementCount(spatial(w));
  return reshape(transpose(reshape(product, [w[0]!, taps, w[1]!]), [0, 2, 1]), w);
}

/**
 * The taps of the channel-first input, concatenated, times the channel-first gradient: one matrix product whose summed
 * axis is all positions of all samples.
 */
export function columns({ x, dy }: WeightGradientValues, problem: ConvProblem): Value {
  const { w, attributes: { group } } = problem;
  const padded = padSpatial(channelsFirst(x, group), problem);
  const taps = allTaps(padded, problem).map((tap) => reshape(tap, [group, w[1]!, -1]));
  const gradient = reshape(channelsFirst(dy, group), [group, w[0]! / group, -1]);
  return asWeight(fusedMatMul(gradient, concat(taps, { axis: 1 }), { transposeB: true }), problem);
}
