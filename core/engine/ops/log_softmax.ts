import { defineComposite, defineOp } from "../graph/op.ts";
import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { inferUnary } from "./_elementwise.ts";
import { exp } from "./exp.ts";
import { logSumExp } from "./log_sum_exp.ts";
import { mul } from "./mul.ts";
import { reduceSum } from "./reduce_sum.ts";
import type { SoftmaxAttributes, SoftmaxOptions } from "./softmax.ts";
import { sub } from "./sub.ts";

/** dx = dy - exp(y) sum(dy) */
function logSoftmaxGradient(
  { y, dy }: { readonly y: Value; readonly dy: Value },
  { axis }: SoftmaxAttributes,
): { x: Value } {
  const total = reduceSum(dy, { axis, keepDims: true });
  return { x: sub(dy, mul(exp(y), total)) };
}

const LogSoftmax = defineOp({
  type: "LogSoftmax",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  onnx: ({ axis }: SoftmaxAttributes) => ({ attributes: { axis: { int: axis } } }),
  gradient: logSoftmaxGradient,
});

/** WebGPU has no LogSoftmax. */
const LogSoftmaxByParts = defineComposite({
  type: "LogSoftmax",
  inputs: ["x"],
  outputs: ["y"],
  expand: ({ x }, { axis }: SoftmaxAttributes) => {
    inferUnary({ x: x.type });
    return { y: sub(x, logSumExp(x, { axes: [axis], keepDims: true })) };
  },
  gradient: logSoftmaxGradient,
});

/** Logarithm of the softmax along an axis, without the rounding that taking it afterwards would cost. */
export function logSoftmax(x: Value, { axis = -1 }: SoftmaxOptions = {}): Value {
  const apply = currentTarget().provider === "webgpu" ? LogSoftmaxByParts : LogSoftmax;
  return apply({ x }, { axis: axisOf("LogSoftmax", x, axis) }).y;
}
