/**
 * The negative cosine similarity, the loss of SimSiam and BYOL.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { l2Normalize } from "../engine/ops/l2_normalize.ts";
import { mul } from "../engine/ops/mul.ts";
import { neg } from "../engine/ops/neg.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { type LossOptions, weightedMean } from "./loss.ts";

/**
 * The negative cosine similarity D(p, z) = -(1/N) sum_i w_i <p_i/|p_i|, z_i/|z_i|>, in [-1, 1] for weights of mean 1
 * (Chen & He 2021, equation 1).
 *
 * @param prediction `[N, D]`
 * @param target `[N, D]`; wrap it in stopGradient where the method asks for it
 */
export function negativeCosineSimilarity(
  prediction: Value,
  target: Value,
  options: LossOptions = {},
): Value {
  const similarity = reduceSum(mul(l2Normalize(prediction), l2Normalize(target)), { axis: -1 });
  return neg(weightedMean(similarity, options.weights));
}
