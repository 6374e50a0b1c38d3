import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferArithmetic, type Operand, operands } from "./_elementwise.ts";
import { step } from "./_step.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

const Max = defineOp({
  type: "Max",
  inputs: ["a", "b"],
  outputs: ["y"],
  precision: "widest",
  infer: inferArithmetic,
  // d max(a, b) = [a > b] da + [a < b] db, halves at a tie
  gradient: ({ a, b, dy }) => {
    const first = mul(dy, step(sub(a, b), 0.5));
    return { a: first, b: sub(dy, first) };
  },
});

/**
 * The larger of two elements, with broadcasting. Where they are equal, each gets half of the gradient, as in PyTorch;
 * the gradient at two equal infinities is NaN.
 */
export function maximum(a: Operand, b: Operand): Value {
  return Max(operands("Max", a, b), {}).y;
}
