import { sameShape, type Shape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { reduceSum } from "./reduce_sum.ts";
import { reshape } from "./reshape.ts";

/** Sums over the axes along which a tensor of `shape` would be stretched to become `x`. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const added = x.rank - shape.length;
  const axes = x.shape.flatMap((length, axis) =>
    axis < added || (shape[axis - added] === 1 && length !== 1) ? [axis] : []
  );
  return reshape(reduceSum(x, { axes }), shape);
}
