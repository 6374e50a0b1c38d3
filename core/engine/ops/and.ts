import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferLogical } from "./_elementwise.ts";

const And = defineOp({
  type: "And",
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: inferLogical,
  gradient: "none",
});

/** Whether both of two booleans are true, with broadcasting. */
export function and(a: Value, b: Value): Value {
  return And({ a, b }, {}).y;
}
