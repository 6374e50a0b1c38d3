import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";

const Round = defineOp({
  type: "Round",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  // Zero almost everywhere.
  gradient: () => ({}),
});

/** The nearest integer to each element, halves to the even one. No gradient flows through it. */
export function round(x: Value): Value {
  return Round({ x }, {}).y;
}
