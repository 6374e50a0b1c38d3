import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferArithmetic, type Operand, operands } from "./_elementwise.ts";
import { step } from "./_step.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

const Min = defineOp({
  type: "Min",
  inputs: ["a", "b"],
  outputs: ["y"],
  precision: "widest",
  infer: inferArithmetic,
  // d min(a, b) = [a < b] da + [a > b] db, halves at a tie
  gradient: ({ a, b, dy }) => {
    const first = mul(dy, step(sub(b, a), 0.5));
    return { a: first, b: sub(dy, first) };
  },
});

/**
 * The smaller of two elements, with broadcasting. Where they are equal, each gets half of the gradient, as in PyTorch;
 * the gradient at two equal infinities is NaN.
 */
export function minimum(a: Operand, b: Operand): Value {
  return Min(operands("Min", a, b), {}).y;
}
