import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferComparison, type Operand, operands } from "./_elementwise.ts";

const Equal = defineOp({
  type: "Equal",
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: inferComparison,
  gradient: "none",
});

/** Whether two elements are equal, with broadcasting. */
export function equal(a: Operand, b: Operand): Value {
  return Equal(operands("Equal", a, b), {}).y;
}
