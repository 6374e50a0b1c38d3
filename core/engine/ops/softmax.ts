import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { inferUnary } from "./_elementwise.ts";
import { mul } from "./mul.ts";
import { reduceSum } from "./reduce_sum.ts";
import { sub } from "./sub.ts";

/** Options of {@linkcode softmax} and {@linkcode logSoftmax}. */
export interface SoftmaxOptions {
  /** Axis whose elements are weighed against each other (default the last, which is the fastest). */
  readonly axis?: number;
}

/** Attributes of a softmax: the axis, counted from the front. */
export type SoftmaxAttributes = Required<SoftmaxOptions>;

const Softmax = defineOp({
  type: "Softmax",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  onnx: ({ axis }: SoftmaxAttributes) => ({ attributes: { axis: { int: axis } } }),
  // dx = y (dy - sum(y dy))
  gradient: ({ y, dy }, { axis }) => {
    const total = reduceSum(mul(dy, y), { axis, keepDims: true });
    return { x: mul(y, sub(dy, total)) };
  },
});

/** exp(x) / sum(exp(x)) along an axis, without overflow. */
export function softmax(x: Value, { axis = -1 }: SoftmaxOptions = {}): Value {
  return Softmax({ x }, { axis: axisOf("Softmax", x, axis) }).y;
}
