import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";
import { sin } from "./sin.ts";

const Cos = defineOp({
  type: "Cos",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  // d cos(x) = -sin(x) dx
  gradient: ({ x, dy }) => ({ x: neg(mul(dy, sin(x))) }),
});

/** Cosine of each element. */
export function cos(x: Value): Value {
  return Cos({ x }, {}).y;
}
