import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { mul } from "./mul.ts";

const Exp = defineOp({
  type: "Exp",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  // d exp(x) = exp(x) dx
  gradient: ({ y, dy }) => ({ x: mul(dy, y) }),
});

/** Exponential of each element. */
export function exp(x: Value): Value {
  return Exp({ x }, {}).y;
}
