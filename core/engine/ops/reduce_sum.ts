import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import {
  inferReduction,
  keptShape,
  onnxReduction,
  type ReductionAttributes,
  reductionAttributes,
  type ReductionOptions,
} from "./_reduction.ts";
import { expand } from "./expand.ts";
import { reshape } from "./reshape.ts";

const ReduceSum = defineOp({
  type: "ReduceSum",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferReduction,
  onnx: onnxReduction,
  // Every element of x counts once in the sum that it belongs to.
  gradient: ({ x, dy }, { axes }: ReductionAttributes) => ({
    x: expand(reshape(dy, keptShape(x.shape, axes)), x.shape),
  }),
});

/** Sum over axes, all of them by default. */
export function reduceSum(x: Value, options: ReductionOptions = {}): Value {
  const attributes = reductionAttributes(x.rank, options);
  if (attributes.axes.length === 0) return x;
  return ReduceSum({ x }, attributes).y;
}
