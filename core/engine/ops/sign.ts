import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";

const Sign = defineOp({
  type: "Sign",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  // Zero almost everywhere.
  gradient: () => ({}),
});

/** Sign of each element: -1, 0 or 1. It is constant almost everywhere, so that no gradient flows through it. */
export function sign(x: Value): Value {
  return Sign({ x }, {}).y;
}
