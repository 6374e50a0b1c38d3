import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferArithmetic, type Operand, operands } from "./_elementwise.ts";

const Add = defineOp({
  type: "Add",
  inputs: ["a", "b"],
  outputs: ["y"],
  precision: "widest",
  elementWise: true,
  infer: inferArithmetic,
  // d(a + b) = da + db
  gradient: ({ dy }) => ({ a: dy, b: dy }),
});

/** Sum of two tensors, element by element, with broadcasting. */
export function add(a: Operand, b: Operand): Value {
  return Add(operands("Add", a, b), {}).y;
}
