import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";

const Neg = defineOp({
  type: "Neg",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  elementWise: true,
  infer: inferUnary,
  // d(-x) = -dx
  gradient: ({ dy }) => ({ x: neg(dy) }),
});

/** Negative of each element. */
export function neg(x: Value): Value {
  return Neg({ x }, {}).y;
}
