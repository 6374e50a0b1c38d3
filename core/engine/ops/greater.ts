import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferOrder, type Operand, operands } from "./_elementwise.ts";

const Greater = defineOp({
  type: "Greater",
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: inferOrder,
  gradient: "none",
});

/** Whether the first element is greater than the second, with broadcasting. */
export function greater(a: Operand, b: Operand): Value {
  return Greater(operands("Greater", a, b), {}).y;
}
