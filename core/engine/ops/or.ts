import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferLogical } from "./_elementwise.ts";

const Or = defineOp({
  type: "Or",
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: inferLogical,
  gradient: "none",
});

/** Whether at least one of two booleans is true, with broadcasting. */
export function or(a: Value, b: Value): Value {
  return Or({ a, b }, {}).y;
}
