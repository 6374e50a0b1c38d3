/**
 * The loss of Barlow Twins: coordinates agree between views, and tell different things.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { add } from "../engine/ops/add.ts";
import { div } from "../engine/ops/div.ts";
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

/** Each coordinate with mean 0 and variance 1 over the weighted samples, and each sample times its weight. */
function standardized(z: Value, weights: Value | undefined): { unit: Value; weighted: Value } {
  const mass = weights && reshape(weights, [z.shape[0]!, 1]);
  const weighted = (x: Value) => mass === undefined ? x : mul(x, mass);
  const centered = sub(z, reduceMean(weighted(z), { axis: 0 }));
  const variance = reduceMean(weighted(mul(centered, centered)), { axis: 0 });
  const unit = div(centered, sqrt(add(variance, 1e-5)));
  return { unit, weighted: weighted(unit) };
}

/**
 * Barlow Twins' loss sum_i (1 - C_ii)^2 + λ sum_i sum_{j != i} C_ij^2 of the cross-correlation C of two views' embeddings
 * (Zbontar et al. 2021, equations 1 and 2; `main.py` of facebookresearch/barlowtwins). It is at least 0, and D where the
 * embeddings are constant. A weight is the mass of its pair in C and in the means and variances behind it, so that C has
 * ones on its diagonal whenever the views agree. Weights must have mean 1.
 *
 * @param first `[N,D]`
 * @param second `[N,D]`
 */
export function barlowTwins(
  first: Value,
  second: Value,
  { redundancyWeight = 0.0051, weights }: BarlowTwinsOptions = {},
): Value {
  const count = first.shape[0]!;
  const { weighted } = standardized(first, weights);
  const { unit } = standardized(second, weights);
  const diagonal = div(reduceSum(mul(weighted, unit), { axis: 0 }), count);
  const all = div(crossSquares(weighted, unit), count * count);
  const missing = sub(1, diagonal);
  const redundancy = sub(all, reduceSum(mul(diagonal, diagonal)));
  return add(reduceSum(mul(missing, missing)), mul(redundancy, redundancyWeight));
}
