import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferArithmetic, type Operand, operands } from "./_elementwise.ts";
import { neg } from "./neg.ts";

const Sub = defineOp({
  type: "Sub",
  inputs: ["a", "b"],
  outputs: ["y"],
  precision: "widest",
  elementWise: true,
  infer: inferArithmetic,
  // d(a - b) = da - db
  gradient: ({ dy }) => ({ a: dy, b: neg(dy) }),
});

/** Difference of two tensors, element by element, with broadcasting. */
export function sub(a: Operand, b: Operand): Value {
  return Sub(operands("Sub", a, b), {}).y;
}
