/**
 * The gradient that the largest and the smallest element have in common.
 *
 * @module
 */
import type { Value } from "../graph/value.ts";
import { keptShape } from "./_reduction.ts";
import { cast } from "./cast.ts";
import { div } from "./div.ts";
import { equal } from "./equal.ts";
import { mul } from "./mul.ts";
import { reduceSum } from "./reduce_sum.ts";
import { reshape } from "./reshape.ts";

/** Spreads dy evenly over the elements of x that equal y, what x was reduced to along the axes. */
export function shareAmongTies(
  { x, y, dy }: { readonly x: Value; readonly y: Value; readonly dy: Value },
  axes: readonly number[],
): Value {
  const kept = keptShape(x.shape, axes);
  const ties = cast(equal(x, reshape(y, kept)), x.dtype);
  const count = reduceSum(ties, { axes, keepDims: true });
  return mul(ties, div(reshape(dy, kept), count));
}
