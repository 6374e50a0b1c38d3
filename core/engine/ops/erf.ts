import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { exp } from "./exp.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";

const Erf = defineOp({
  type: "Erf",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  // d erf(x) = 2 / sqrt(pi) exp(-x^2) dx
  gradient: ({ x, dy }) => ({ x: mul(mul(dy, 2 / Math.sqrt(Math.PI)), exp(neg(mul(x, x)))) }),
});

/** Error function of each element, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x; float32 and float16. */
export function erf(x: Value): Value {
  return Erf({ x }, {}).y;
}
