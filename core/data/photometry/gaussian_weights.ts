/**
 * The weights of a Gaussian kernel.
 *
 * @module
 */
import { float32 } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { div } from "../../engine/ops/div.ts";
import { exp } from "../../engine/ops/exp.ts";
import { maximum } from "../../engine/ops/maximum.ts";
import { mul } from "../../engine/ops/mul.ts";
import { neg } from "../../engine/ops/neg.ts";
import { reduceSum } from "../../engine/ops/reduce_sum.ts";
import { reshape } from "../../engine/ops/reshape.ts";

/** Stands for a distance out of the kernel's reach; its exponential is 0 for every width. */
const OUT_OF_REACH = 1e9;

/** The narrowest blur that is told from none, in pixels: at it the neighbours' weights are 0 in float32. */
const NARROWEST = 1e-2;

/**
 * Weights `[N,rows,columns]` of pixels at some distances in kernels of standard deviations `[N]`; those of a row add up
 * to 1. A standard deviation of 0 leaves all weight to the distance 0.
 *
 * @param distances row by row, in pixels; those beyond the radius weigh nothing
 */
export function gaussianWeights(
  sigma: Value,
  distances: readonly (readonly number[])[],
  radius: number,
): Value {
  const squares = distances.flat().map((distance) =>
    Math.abs(distance) <= radius ? distance * distance : OUT_OF_REACH
  );
  const width = maximum(reshape(sigma, [-1, 1, 1]), NARROWEST);
  const rate = neg(div(0.5, mul(width, width)));
  const shape = [1, distances.length, distances[0]!.length];
  const weights = exp(mul(constant(float32(shape, squares)), rate));
  return div(weights, reduceSum(weights, { axes: [2], keepDims: true }));
}
