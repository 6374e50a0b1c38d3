/**
 * The three terms of VICReg: variance, invariance, covariance.
 *
 * Source: Bardes et al. 2022 (VICReg), arXiv 2105.04906; `main_vicreg.py` of facebookresearch/vicreg.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { add } from "../engine/ops/add.ts";
import { div } from "../engine/ops/div.ts";
import { mul } from "../engine/ops/mul.ts";
import { reduceMean } from "../engine/ops/reduce_mean.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { relu } from "../engine/ops/relu.ts";
import { sqrt } from "../engine/ops/sqrt.ts";
import { sub } from "../engine/ops/sub.ts";
import { crossSquares } from "./_cross_squares.ts";
import { type LossOptions, weightedMean } from "./loss.ts";

/** The embeddings less their mean, and the unbiased variance `[D]` of each coordinate. */
function centered(z: Value): { rows: Value; variance: Value } {
  const rows = sub(z, reduceMean(z, { axis: 0 }));
  const squares = reduceSum(mul(rows, rows), { axis: 0 });
  return { rows, variance: div(squares, z.shape[0]! - 1) };
}

/**
 * How far each coordinate's standard deviation stays below 1: (1/D) sum_j max(0, 1 - sqrt(var_j + 0.0001)), in [0, 0.99]
 * (equation 1 with γ = 1). It is 0.99 where the embeddings are constant.
 *
 * @param z `[N,D]`
 */
export function varianceLoss(z: Value): Value {
  return reduceMean(relu(sub(1, sqrt(add(centered(z).variance, 1e-4)))));
}

/**
 * The mean squared difference between two views' embeddings, (1/N) sum_i w_i |z_i - z'_i|^2 / D: equation 5, over D as in
 * the authors' code.
 *
 * @param first `[N,D]`
 * @param second `[N,D]`
 */
export function invarianceLoss(first: Value, second: Value, { weights }: LossOptions = {}): Value {
  const difference = sub(first, second);
  return weightedMean(reduceMean(mul(difference, difference), { axis: 1 }), weights);
}

/**
 * The squares of the covariances of different coordinates, (1/D) sum_i sum_{j != i} cov_ij^2, at least 0 (equation 4).
 *
 * @param z `[N,D]`
 */
export function covarianceLoss(z: Value): Value {
  const [count, width] = z.shape as [number, number];
  const { rows, variance } = centered(z);
  const all = div(crossSquares(rows, rows), (count - 1) ** 2);
  return div(sub(all, reduceSum(mul(variance, variance))), width);
}
