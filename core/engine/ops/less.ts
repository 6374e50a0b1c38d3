import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferOrder, type Operand, operands } from "./_elementwise.ts";

const Less = defineOp({
  type: "Less",
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: inferOrder,
  gradient: "none",
});

/** Whether the first element is less than the second, with broadcasting. */
export function less(a: Operand, b: Operand): Value {
  return Less(operands("Less", a, b), {}).y;
}
