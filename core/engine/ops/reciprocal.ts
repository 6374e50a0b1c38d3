import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";

const Reciprocal = defineOp({
  type: "Reciprocal",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  // d(1/x) = -dx / x^2
  gradient: ({ y, dy }) => ({ x: neg(mul(dy, mul(y, y))) }),
});

/** One over each element. */
export function reciprocal(x: Value): Value {
  return Reciprocal({ x }, {}).y;
}
