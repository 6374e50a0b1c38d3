import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";

const Floor = defineOp({
  type: "Floor",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  // Zero almost everywhere.
  gradient: () => ({}),
});

/** The largest integer that is not above each element. No gradient flows through it. */
export function floor(x: Value): Value {
  return Floor({ x }, {}).y;
}
