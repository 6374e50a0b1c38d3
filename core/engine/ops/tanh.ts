import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

const Tanh = defineOp({
  type: "Tanh",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: inferUnary,
  // d tanh(x) = (1 - tanh(x)^2) dx, from y, so that the exponentials run once.
  gradient: ({ y, dy }) => ({ x: sub(dy, mul(dy, mul(y, y))) }),
});

/** Hyperbolic tangent of each element. */
export function tanh(x: Value): Value {
  return Tanh({ x }, {}).y;
}
