import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";

const Sigmoid = defineOp({
  type: "Sigmoid",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: inferUnary,
  // d sigmoid(x) = y (1 - y) dx
  gradient: ({ y, dy }) => ({ x: mul(dy, sub(y, mul(y, y))) }),
});

/** Logistic function of each element, 1 / (1 + exp(-x)). */
export function sigmoid(x: Value): Value {
  return Sigmoid({ x }, {}).y;
}
