import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferOrder, type Operand, operands } from "./_elementwise.ts";

const LessOrEqual = defineOp({
  type: "LessOrEqual",
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: inferOrder,
  gradient: "none",
});

/** Whether the first element is at most the second, with broadcasting. */
export function lessOrEqual(a: Operand, b: Operand): Value {
  return LessOrEqual(operands("LessOrEqual", a, b), {}).y;
}
