/**
 * InfoNCE, the contrastive loss of MoCo.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { concat } from "../engine/ops/concat.ts";
import { logSumExp } from "../engine/ops/log_sum_exp.ts";
import { matMul } from "../engine/ops/mat_mul.ts";
import { mul } from "../engine/ops/mul.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { squeeze } from "../engine/ops/squeeze.ts";
import { sub } from "../engine/ops/sub.ts";
import { rowByRow } from "./_row_by_row.ts";
import { cooled, type LossOptions, weightedMean } from "./loss.ts";

/** Options of {@linkcode infoNce}. */
export interface InfoNceOptions extends LossOptions {
  /** What similarities are divided by, above 0, a number or a scalar. */
  readonly temperature: number | Value;
  /** Keys `[K, D]` of other images, of unit length; the other keys of the batch when left out. */
  readonly negatives?: Value;
}

/**
 * InfoNCE -(1/N) sum_i w_i log(exp(q_i k_i / T) / sum_j exp(q_i k_j / T)): each query picks its key among all keys of
 * the batch (MoCo v3, algorithm 1, without its factor 2T), or among its own and the negatives (He et al. 2020, equation
 * 1). At random about the logarithm of the number of keys that it picks from.
 *
 * @param queries `[N, D]`, of unit length
 * @param keys `[N, D]`, of unit length; key i is query i's; wrap them in stopGradient where the method asks for it
 * @throws {RangeError} if shapes do not fit, or the temperature is not above 0
 */
export function infoNce(queries: Value, keys: Value, options: InfoNceOptions): Value {
  const { temperature, negatives, weights } = options;
  const perQuery = rowByRow([queries, keys], (query, key) => {
    const positive = reduceSum(mul(query, key), { axes: [1], keepDims: true });
    const among = matMul(query, negatives ?? keys, { transposeB: true });
    const similarities = negatives === undefined ? among : concat([positive, among], { axis: 1 });
    const all = logSumExp(cooled(similarities, temperature), { axes: [1] });
    return sub(all, cooled(squeeze(positive, [1]), temperature));
  });
  return weightedMean(perQuery, weights);
}
