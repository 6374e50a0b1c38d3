import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import {
  inferReduction,
  onnxReduction,
  type ReductionAttributes,
  reductionAttributes,
  type ReductionOptions,
} from "./_reduction.ts";
import { shareAmongTies } from "./_ties.ts";

const ReduceMax = defineOp({
  type: "ReduceMax",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferReduction,
  onnx: onnxReduction,
  // dx = [x = y] dy / number of ties
  gradient: (values, { axes }: ReductionAttributes) => ({ x: shareAmongTies(values, axes) }),
});

/** The largest element along axes, all of them by default; ties share the gradient, as in PyTorch's `amax`. */
export function reduceMax(x: Value, options: ReductionOptions = {}): Value {
  const attributes = reductionAttributes("ReduceMax", x, options);
  return attributes.axes.length === 0 ? x : ReduceMax({ x }, attributes).y;
}
