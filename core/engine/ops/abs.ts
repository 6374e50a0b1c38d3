import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { mul } from "./mul.ts";
import { sign } from "./sign.ts";

const Abs = defineOp({
  type: "Abs",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: inferUnary,
  // d|x| = sign(x) dx
  gradient: ({ x, dy }) => ({ x: mul(dy, sign(x)) }),
});

/** Absolute value of each element; its gradient at zero is zero. */
export function abs(x: Value): Value {
  return Abs({ x }, {}).y;
}
