/**
 * The loss of Barlow Twins: coordinates agree between views, and tell different things.
 *
 * @module
 */
import { filled } from "../engine/graph/tensor.ts";
import { constant, type Value } from "../engine/graph/value.ts";
import { add } from "../engine/ops/add.ts";
import { div } from "../engine/ops/div.ts";
import { maximum } from "../engine/ops/maximum.ts";
import { mul } from "../engine/ops/mul.ts";
import { reduceMean } from "../engine/ops/reduce_mean.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { reshape } from "../engine/ops/reshape.ts";
import { sqrt } from "../engine/ops/sqrt.ts";
import { sub } from "../engine/ops/sub.ts";
import { crossSquares } from "./_cross_squares.ts";
import type { LossOptions } from "./loss.ts";

/** Options of {@linkcode barlowTwins}. */
export interface BarlowTwinsOptions extends LossOptions {
  /** Weight of the redundancy, λ, against the invariance (default 0.0051). */
  readonly redundancyWeight?: number;
}

/** Each coordinate with mean 0 and variance 1 over samples of a mass, and each sample times its mass. */
function standardized(z: Value, mass: Value): { unit: Value; weighted: Value } {
  const centered = sub(z, reduceSum(mul(z, mass), { axis: 0 }));
  const variance = reduceSum(mul(mul(centered, centered), mass), { axis: 0 });
  const unit = div(centered, sqrt(add(variance, 1e-5)));
  return { unit, weighted: mul(unit, mass) };
}

/**
 * Barlow Twins' loss sum_i (1 - C_ii)^2 + λ sum_i sum_{j != i} C_ij^2 of the cross-correlation C of two views' embeddings
 * (Zbontar et al. 2021, equations 1 and 2; `main.py` of facebookresearch/barlowtwins). It is at least 0, and D where the
 * embeddings are constant. A weight is the mass of its pair in C and in the means and variances behind it, as a share of
 * all weights, so that C has ones on its diagonal whenever the views agree; the mean of the weights multiplies the loss, and where all are 0
 * so is it.
 *
 * @param first `[N,D]`
 * @param second `[N,D]`
 */
export function barlowTwins(
  first: Value,
  second: Value,
  { redundancyWeight = 0.0051, weights }: BarlowTwinsOptions = {},
): Value {
  const mass = weights === undefined
    ? constant(filled(first.dtype, [first.shape[0]!, 1], 1 / first.shape[0]!))
    : reshape(div(weights, maximum(reduceSum(weights), 1e-30)), [first.shape[0]!, 1]);
  const { weighted } = standardized(first, mass);
  const { unit } = standardized(second, mass);
  const diagonal = reduceSum(mul(weighted, unit), { axis: 0 });
  const missing = sub(1, diagonal);
  const redundancy = sub(crossSquares(weighted, unit), reduceSum(mul(diagonal, diagonal)));
  const loss = add(reduceSum(mul(missing, missing)), mul(redundancy, redundancyWeight));
  return weights === undefined ? loss : mul(loss, reduceMean(weights));
}
