import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferOrder, type Operand, operands } from "./_elementwise.ts";

const GreaterOrEqual = defineOp({
  type: "GreaterOrEqual",
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: inferOrder,
  gradient: "none",
});

/** Whether the first element is at least the second, with broadcasting. */
export function greaterOrEqual(a: Operand, b: Operand): Value {
  return GreaterOrEqual(operands("GreaterOrEqual", a, b), {}).y;
}
