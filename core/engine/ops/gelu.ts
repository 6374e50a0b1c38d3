import { defineOp } from "../graph/op.ts";
import { currentTarget } from "../graph/target.ts";
import type { Value } from "../graph/value.ts";
import { inferUnary } from "./_elementwise.ts";
import { tabulatedSlope } from "./_tabulated_slope.ts";
import { add } from "./add.ts";
import { erf } from "./erf.ts";
import { exp } from "./exp.ts";
import { mul } from "./mul.ts";
import { sigmoid } from "./sigmoid.ts";
import { sub } from "./sub.ts";

/** Options of {@linkcode gelu}. */
export interface GeluOptions {
  /** The exact function (`none`, default) or the approximation by a hyperbolic tangent. */
  readonly approximate?: "none" | "tanh";
}

interface GeluAttributes {
  readonly approximate: "none" | "tanh";
}

/** (1 + x) / 2 in one pass instead of two. */
const HalfwayUp = defineOp({
  type: "HardSigmoid",
  inputs: ["x"],
  outputs: ["y"],
  infer: inferUnary,
  onnx: () => ({ attributes: { alpha: { float: 0.5 }, beta: { float: 0.5 } } }),
  gradient: ({ dy }) => ({ x: mul(dy, 0.5) }),
});

/** (1 + x) / 2 for x in [-1, 1], where nothing of it is cut off. */
function halfwayUp(x: Value): Value {
  return x.dtype === "float32" ? HalfwayUp({ x }, {}).y : add(mul(x, 0.5), 0.5);
}

/** Phi(x) + x phi(x) with u = x / sqrt(2): (1 + erf(u)) / 2 + u exp(-u^2) / sqrt(pi). */
function slope(x: Value): Value {
  if (currentTarget().provider === "cuda" && x.dtype === "float16") return tabulatedSlope(x);
  const u = mul(x, Math.SQRT1_2);
  // The factor 1 / sqrt(pi) rides in the exponent, which saves a pass over the tensor.
  const density = mul(u, exp(sub(-0.5 * Math.log(Math.PI), mul(u, u))));
  return add(halfwayUp(erf(u)), density);
}

/** With w(x) = 2 c (x + 0.044715 x^3), c = sqrt(2 / pi), gelu(x) = x s(w): its slope is s + y (1 - s) w'. */
function slopeOfApproximation(x: Value, y: Value): Value {
  const c = Math.sqrt(2 / Math.PI);
  // w / x = 2 c + 2 c 0.044715 x^2, and w' = 3 w / x - 4 c.
  const ratio = add(mul(mul(x, x), 2 * c * 0.044715), 2 * c);
  const s = sigmoid(mul(x, ratio));
  const derivative = sub(mul(ratio, 3), 4 * c);
  return add(s, mul(sub(y, mul(y, s)), derivative));
}

const Gelu = defineOp({
  type: "Gelu",
  inputs: ["x"],
  outputs: ["y"],
  precision: "widest",
  infer: inferUnary,
  onnx: ({ approximate }: GeluAttributes) => ({
    attributes: { approximate: { string: approximate } },
  }),
  // d(x Phi(x)) = (Phi(x) + x phi(x)) dx
  gradient: ({ x, y, dy }, { approximate }) => ({
    x: mul(dy, approximate === "none" ? slope(x) : slopeOfApproximation(x, y)),
  }),
});

/**
 * Gaussian error linear unit of each element, x Phi(x) with Phi the normal distribution function; float32 and float16.
 *
 * Source: Hendrycks & Gimpel 2016, "Gaussian Error Linear Units (GELUs)", section 2.
 */
export function gelu(x: Value, { approximate = "none" }: GeluOptions = {}): Value {
  return Gelu({ x }, { approximate }).y;
}
