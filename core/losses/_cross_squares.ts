/**
 * The size of a matrix of correlations, without the matrix.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { matMul } from "../engine/ops/mat_mul.ts";
import { mul } from "../engine/ops/mul.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";

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
    const alike = matMul(a, a, { transposeB: true });
    return reduceSum(mul(alike, a === b ? alike : matMul(b, b, { transposeB: true })));
  }
  const products = matMul(a, b, { transposeA: true });
  return reduceSum(mul(products, products));
}
