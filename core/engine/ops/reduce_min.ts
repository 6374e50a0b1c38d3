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

const ReduceMin = defineOp({
  type: "ReduceMin",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferReduction,
  onnx: onnxReduction,
  // dx = [x = y] dy / number of ties
  gradient: (values, { axes }: ReductionAttributes) => ({ x: shareAmongTies(values, axes) }),
});

/** The smallest element along axes, all of them by default; ties share the gradient, as in PyTorch's `amin`. */
export function reduceMin(x: Value, options: ReductionOptions = {}): Value {
  const attributes = reductionAttributes("ReduceMin", x, options);
  return attributes.axes.length === 0 ? x : ReduceMin({ x }, attributes).y;
}
