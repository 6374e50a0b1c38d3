import { defineOp } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import {
  inferMatMul,
  matMul,
  type MatMulAttributes,
  matMulGradient,
  type MatMulOptions,
} from "./mat_mul.ts";
import { mul } from "./mul.ts";

const FusedMatMul = defineOp({
  type: "FusedMatMul",
  domain: "com.microsoft",
  inputs: ["a", "b"],
  outputs: ["y"],
  precision: "half",
  infer: inferMatMul,
  onnx: ({ transposeA, transposeB, alpha }: MatMulAttributes) => ({
    attributes: {
      transA: { int: transposeA ? 1 : 0 },
      transB: { int: transposeB ? 1 : 0 },
      alpha: { float: alpha },
    },
  }),
  // With Y = alpha A B: dA = alpha dY B^T and dB = alpha A^T dY, each as it was given.
  gradient: matMulGradient,
});

/** Matrix product by ONNX Runtime's operator that transposes and scales on the way; {@linkcode matMul} picks it. */
export function fusedMatMul(a: Value, b: Value, options: MatMulOptions = {}): Value {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  // ONNX holds the factor in float32, too coarse for a product in float64.
  if (a.dtype === "float64" && Math.fround(alpha) !== alpha) {
    return mul(matMul(a, b, { transposeA, transposeB }), alpha);
  }
  return FusedMatMul({ a, b }, { transposeA, transposeB, alpha }).y;
}
