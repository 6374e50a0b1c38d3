/**
 * The step function, from which the gradients of piecewise linear operators are made.
 *
 * @module
 */
import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { add } from "./add.ts";
import { cast } from "./cast.ts";
import { greater } from "./greater.ts";
import { greaterOrEqual } from "./greater_or_equal.ts";
import { mul } from "./mul.ts";

const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

interface HardSigmoidAttributes {
  readonly beta: number;
}

const HardSigmoid = defineOp({
  type: "HardSigmoid",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  onnx: ({ beta }: HardSigmoidAttributes) => ({
    attributes: { alpha: { float: LARGEST_FLOAT32 }, beta: { float: beta } },
  }),
  // Zero almost everywhere.
  gradient: () => ({}),
});

/**
 * Where x is above zero 1, below zero 0, and at zero `atZero`, in x's type; no gradient flows through it.
 *
 * In float32 it is min(max(alpha x + atZero, 0), 1) with the largest alpha there is: one vectorised pass, where a
 * comparison and a cast take two and Sign or Where several times as long. Only subnormal x are neither 0 nor 1.
 */
export function step(x: Value, atZero: 0 | 0.5 = 0): Value {
  if (x.dtype === "float32") return HardSigmoid({ x }, { beta: atZero }).y;
  const above = cast(greater(x, 0), x.dtype);
  if (atZero === 0) return above;
  return mul(add(above, cast(greaterOrEqual(x, 0), x.dtype)), 0.5);
}
