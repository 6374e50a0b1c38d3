import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferArithmetic, type Operand, operands } from "./_elementwise.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";

const Div = defineOp({
  type: "Div",
  inputs: ["a", "b"],
  outputs: ["y"],
  precision: "widest",
  elementWise: true,
  infer: inferArithmetic,
  // d(a/b) = da / b - (a/b) db / b
  gradient: ({ b, y, dy }) => {
    const a = div(dy, b);
    return { a, b: neg(mul(a, y)) };
  },
});

/** Quotient of two tensors, element by element, with broadcasting. */
export function div(a: Operand, b: Operand): Value {
  return Div(operands("Div", a, b), {}).y;
}
