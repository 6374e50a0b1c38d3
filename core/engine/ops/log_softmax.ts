import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { inferUnary } from "./_elementwise.ts";
import { exp } from "./exp.ts";
import { mul } from "./mul.ts";
import { reduceSum } from "./reduce_sum.ts";
import type { SoftmaxAttributes, SoftmaxOptions } from "./softmax.ts";
import { sub } from "./sub.ts";

const LogSoftmax = defineOp({
  type: "LogSoftmax",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  onnx: ({ axis }: SoftmaxAttributes) => ({ attributes: { axis: { int: axis } } }),
  // dx = dy - exp(y) sum(dy)
  gradient: ({ y, dy }, { axis }) => {
    const total = reduceSum(dy, { axis, keepDims: true });
    return { x: sub(dy, mul(exp(y), total)) };
  },
});

/** Logarithm of the softmax along an axis, without the rounding that taking it afterwards would cost. */
export function logSoftmax(x: Value, { axis = -1 }: SoftmaxOptions = {}): Value {
  return LogSoftmax({ x }, { axis: axisOf("LogSoftmax", x, axis) }).y;
}
