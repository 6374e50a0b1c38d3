/**
 * The largest and the smallest element along axes, which differ in nothing but the comparison.
 *
 * @module
 */
import { type Apply, defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import {
  inferReduction,
  keptShape,
  onnxReduction,
  type ReductionAttributes,
  reductionAttributes,
  type ReductionOptions,
} from "./_reduction.ts";
import { cast } from "./cast.ts";
import { div } from "./div.ts";
import { equal } from "./equal.ts";
import { mul } from "./mul.ts";
import { reduceSum } from "./reduce_sum.ts";
import { reshape } from "./reshape.ts";

/** An operator that picks one element along the axes, such as ReduceMax. */
export function defineExtreme(type: string): Apply<"x", never, "y", ReductionAttributes> {
  return defineOp({
    type,
    inputs: ["x"],
    outputs: ["y"],
    infer: inferReduction,
    onnx: onnxReduction,
    // dx = [x = y] dy / number of ties
    gradient: ({ x, y, dy }, { axes }: ReductionAttributes) => {
      const kept = keptShape(x.shape, axes);
      const ties = cast(equal(x, reshape(y, kept)), x.dtype);
      const count = reduceSum(ties, { axes, keepDims: true });
      return { x: mul(ties, div(reshape(dy, kept), count)) };
    },
  });
}

/** Applies such an operator; x itself if there is no axis to reduce. */
export function extremeOf(
  apply: Apply<"x", never, "y", ReductionAttributes>,
  type: string,
  x: Value,
  options: ReductionOptions,
): Value {
  const attributes = reductionAttributes(type, x, options);
  return attributes.axes.length === 0 ? x : apply({ x }, attributes).y;
}
