import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import { broadcastShapes, sameShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import {
  inferMatMul,
  type MatMulAttributes,
  matMulGradient,
  type MatMulOptions,
} from "./mat_mul.ts";
import { mul } from "./mul.ts";

/** Options of {@linkcode gemm}. */
export interface GemmOptions extends MatMulOptions {
  /** What is added to the product; it is broadcast to it. */
  readonly c?: Value;
  /** Factor of `c` (default 1). */
  readonly beta?: number;
}

interface GemmAttributes extends MatMulAttributes {
  readonly beta: number;
}

const Gemm = defineOp({
  type: "Gemm",
  inputs: ["a", "b"],
  optional: ["c"],
  outputs: ["y"],
  precision: "half",
  infer: ({ a, b, c }, attributes: GemmAttributes) => {
    if (a.shape.length !== 2 || b.shape.length !== 2) {
      throw new GenviewRangeError("a and b must have 2 axes");
    }
    const { y } = inferMatMul({ a, b }, attributes);
    if (c !== undefined && c.dtype !== y.dtype) {
      throw new GenviewTypeError(`element types must match, found ${y.dtype} and ${c.dtype}`);
    }
    if (c !== undefined && !sameShape(broadcastShapes(c.shape, y.shape), y.shape)) {
      throw new GenviewRangeError(
        `c must stretch to [${y.shape.join(",")}], found [${c.shape.join(",")}]`,
      );
    }
    return { y };
  },
  onnx: ({ transposeA, transposeB, alpha, beta }) => ({
    attributes: {
      transA: { int: transposeA ? 1 : 0 },
      transB: { int: transposeB ? 1 : 0 },
      alpha: { float: alpha },
      beta: { float: beta },
    },
  }),
  // With Y = alpha A B + beta C: dA = alpha dY B^T, dB = alpha A^T dY, dC = beta dY
  gradient: ({ a, b, c, dy }, attributes) => ({
    ...matMulGradient({ a, b, dy }, attributes),
    ...(c && { c: attributes.beta === 1 ? dy : mul(dy, attributes.beta) }),
  }),
});

/** Product of two matrices, `[m, k]` by `[k, n]`, and what is added to it: `alpha a b + beta c`. */
export function gemm(a: Value, b: Value, options: GemmOptions = {}): Value {
  const { c, transposeA = false, transposeB = false, alpha = 1, beta = 1 } = options;
  // ONNX holds the factors in float32, too coarse for a product in float64.
  if (a.dtype === "float64" && [alpha, beta].some((factor) => Math.fround(factor) !== factor)) {
    return gemm(mul(a, alpha), b, { ...(c && { c: mul(c, beta) }), transposeA, transposeB });
  }
  return Gemm({ a, b, c }, { transposeA, transposeB, alpha, beta }).y;
}
