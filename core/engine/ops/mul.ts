import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferArithmetic, type Operand, operands } from "./_elementwise.ts";

const Mul = defineOp({
  type: "Mul",
  inputs: ["a", "b"],
  outputs: ["y"],
  precision: "widest",
  elementWise: true,
  infer: inferArithmetic,
  // d(ab) = b da + a db
  gradient: ({ a, b, dy }) => ({ a: mul(dy, b), b: mul(dy, a) }),
});

/** Product of two tensors, element by element, with broadcasting. */
export function mul(a: Operand, b: Operand): Value {
  return Mul(operands("Mul", a, b), {}).y;
}
