/**
 * The size of a matrix of correlations, without the matrix.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { matMul } from "../engine/ops/mat_mul.ts";
import { mul } from "../engine/ops/mul.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { rowByRow } from "./_row_by_row.ts";

/**
 * The sum of the squares of the elements of a'b, `[D,D]`. It is the sum of the products of those of aa' and bb', `[N,N]`,
 * which is the less work where there are fewer samples than coordinates.
 *
 * @param a `[N,D]`
 * @param b `[N,D]`
 */
export function crossSquares(a: Value, b: Value): Value {
  const [count, width] = a.shape as [number, number];
  if (count < width) {
    return reduceSum(rowByRow([a, b], (one, other) => {
      const alike = matMul(one, a, { transposeB: true });
      const ofOthers = a === b ? alike : matMul(other, b, { transposeB: true });
      return reduceSum(mul(alike, ofOthers), { axis: 1 });
    }));
  }
  const products = matMul(a, b, { transposeA: true });
  return reduceSum(mul(products, products));
}
