/**
 * The contrastive loss of several positives.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { int64 } from "../engine/graph/tensor.ts";
import { constant, type Value } from "../engine/graph/value.ts";
import { add } from "../engine/ops/add.ts";
import { concat } from "../engine/ops/concat.ts";
import { equal } from "../engine/ops/equal.ts";
import { logSumExp } from "../engine/ops/log_sum_exp.ts";
import { matMul } from "../engine/ops/mat_mul.ts";
import { mul } from "../engine/ops/mul.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { sub } from "../engine/ops/sub.ts";
import { where } from "../engine/ops/where.ts";
import { rowByRow } from "./_row_by_row.ts";
import { cooled, weightedMean } from "./loss.ts";

/** Options of {@linkcode multiPositive}. */
export interface MultiPositiveOptions {
  /** What similarities are divided by, above 0, a number or a scalar. */
  readonly temperature: number | Value;
  /**
   * Whether a query is told from the keys of its own view, too, but for its own (SimCLR), or from those of the other
   * views alone (MoCo v3; the default).
   */
  readonly ownView?: boolean;
  /** Weights of the pairs of two views, `[N]`, with mean 1 over all pairs; all ones when left out. */
  readonly weightsOfPair?: (first: number, second: number) => Value;
}

/** What stands in for the similarity of a query to its own key, after which nothing is left of it in a softmax. */
const NEVER = -1e9;

/** Places `[N, 1]` of a view's keys among those of all views. */
function placesOf(view: number, count: number): Value {
  return constant(int64([count, 1], Array.from({ length: count }, (_, i) => view * count + i)));
}

/** Similarities `[M, V N]` of queries to all keys, without those of each to its own key. */
function withoutOwn(similarities: Value, own: Value): Value {
  const all = similarities.shape[1]!;
  const every = int64([1, all], Array.from({ length: all }, (_, i) => i));
  return where(equal(own, constant(every)), NEVER, similarities);
}

function checkViews(queries: readonly Value[], keys: readonly Value[]): void {
  if (keys.length > 0 && queries.length >= keys.length && queries.length > 1) return;
  throw new GenviewRangeError(
    "Cannot contrast views: there must be two views of queries, and keys of all or the first of them, " +
      `found ${queries.length} and ${keys.length}`,
  );
}

/**
 * The mean over all pairs of a query and a positive, which is the key of another view of its image, of
 * -w log(exp(q k / T) / sum_j exp(q k_j / T)), where j runs over the keys of all images in the other views: the cross entropy
 * of that softmax with the uniform distribution over the positives (Tian et al. 2023, StableRep, equation 3; weighted as
 * in Li et al. 2025, GenView++). With two views that is half of SimCLR's NT-Xent or MoCo v3's loss over both.
 * At random about the logarithm of the number of keys.
 *
 * @param queries `[N, D]` of each view, of unit length
 * @param keys `[N, D]` of each of the first views, of unit length; wrap them in stopGradient where the method asks for it
 * @throws {RangeError} if there is no query with a positive, or the temperature is not above 0
 */
export function multiPositive(
  queries: readonly Value[],
  keys: readonly Value[],
  { temperature, ownView = false, weightsOfPair }: MultiPositiveOptions,
): Value {
  checkViews(queries, keys);
  const terms = queries.flatMap((query, u) => {
    const among = concat(keys.filter((_, v) => ownView || v !== u), { axis: 0 });
    const all = rowByRow([query, placesOf(u, query.shape[0]!)], (part, own) => {
      const similarities = matMul(part, among, { transposeB: true });
      const others = ownView && u < keys.length ? withoutOwn(similarities, own) : similarities;
      return logSumExp(cooled(others, temperature), { axes: [1] });
    });
    return keys.flatMap((key, v) => {
      if (v === u) return [];
      const positive = cooled(reduceSum(mul(query, key), { axes: [1] }), temperature);
      return [weightedMean(sub(all, positive), weightsOfPair?.(u, v))];
    });
  });
  return mul(terms.reduce((sum, term) => add(sum, term)), 1 / terms.length);
}
