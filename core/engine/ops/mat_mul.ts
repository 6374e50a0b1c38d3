import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { isFloat } from "../graph/dtype.ts";
import { defineOp } from "../graph/op.ts";
import { broadcastShapes, type Shape } from "../graph/shape.ts";
import { currentTarget, isForThisCpu } from "../graph/target.ts";
import type { TensorType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { transposeLast } from "./_axes.ts";
import { fusedMatMul } from "./fused_mat_mul.ts";
import { gemm } from "./gemm.ts";
import { mul } from "./mul.ts";
import { reshape } from "./reshape.ts";

/** Options of {@linkcode matMul}. */
export interface MatMulOptions {
  /** Whether the last two axes of `a` are exchanged first (default false). */
  readonly transposeA?: boolean;
  /** Whether the last two axes of `b` are exchanged first (default false). */
  readonly transposeB?: boolean;
  /** Factor of the product (default 1). */
  readonly alpha?: number;
}

/** Attributes of a matrix product. */
export type MatMulAttributes = Required<MatMulOptions>;

const PLAIN: MatMulAttributes = { transposeA: false, transposeB: false, alpha: 1 };

function matrix(shape: Shape, transposed: boolean): [rows: number, columns: number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

/** The product's type; throws with the reason alone. */
export function inferMatMul(
  { a, b }: { readonly a: TensorType; readonly b: TensorType },
  { transposeA, transposeB }: MatMulAttributes,
): { y: TensorType } {
  if (a.dtype !== b.dtype) {
    throw new GenviewTypeError(`element types must match, found ${a.dtype} and ${b.dtype}`);
  }
  if (a.dtype === "bool") throw new GenviewTypeError("a and b must be numbers, found bool");
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new GenviewRangeError("a and b must have at least 2 axes");
  }
  const [rows, inner] = matrix(a.shape, transposeA);
  const [innerOfB, columns] = matrix(b.shape, transposeB);
  if (inner !== innerOfB) {
    throw new GenviewRangeError(`the axes summed over must match, found ${inner} and ${innerOfB}`);
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { y: { dtype: a.dtype, shape: [...batch, rows, columns] } };
}

/** The transpose of a matrix in a form that ONNX Runtime leaves alone, instead of making it part of a product. */
function transposedFirst(a: Value): Value {
  const [rows, columns] = a.shape as [number, number];
  return reshape(transposeLast(reshape(a, [1, rows, columns])), [columns, rows]);
}

/** alpha A^T B, where A is transposed by the product, or first. */
function productOfTransposed(a: Value, b: Value, alpha: number): Value {
  // On the CPU the product transposes A anew for every stretch of B's columns: 1.3 to 1.6 times the time.
  return isForThisCpu() && a.rank === 2 && b.rank === 2
    ? matMul(transposedFirst(a), b, { alpha })
    : matMul(a, b, { transposeA: true, alpha });
}

/**
 * alpha A^T B. What is transposed can cost nearly as much as the product where A is large and B narrow: then
 * (B^T A)^T, which transposes what is small, takes down to 0.6 of the time in a batch and 0.9 elsewhere.
 */
function transposedProduct(a: Value, b: Value, alpha: number): Value {
  const [rows, columns] = matrix(a.shape, false);
  const width = b.shape.at(-1)!;
  return rows * columns > width * (rows + columns)
    ? transposeLast(productOfTransposed(b, a, alpha))
    : productOfTransposed(a, b, alpha);
}

/** The gradients of a product by its operands. */
export function matMulGradient(
  { a, b, dy }: { readonly a: Value; readonly b: Value; readonly dy: Value },
  { transposeA, transposeB, alpha }: MatMulAttributes,
): { a: Value; b: Value } {
  if (a.rank > 2 && b.rank === 2 && !transposeA) {
    // One product over all rows, instead of one for each matrix of the batch and a sum.
    const rows = reshape(a, [-1, a.shape.at(-1)!]);
    const flat = matMulGradient({ a: rows, b, dy: reshape(dy, [-1, dy.shape.at(-1)!]) }, {
      transposeA,
      transposeB,
      alpha,
    });
    return { a: reshape(flat.a, a.shape), b: flat.b };
  }
  return {
    a: transposeA
      ? matMul(b, dy, { transposeA: transposeB, transposeB: true, alpha })
      : matMul(dy, b, { transposeB: !transposeB, alpha }),
    b: transposeB
      ? transposeA
        ? matMul(dy, a, { transposeA: true, transposeB: true, alpha })
        : transposedProduct(dy, a, alpha)
      : transposeA
      ? matMul(a, dy, { alpha })
      : transposedProduct(a, dy, alpha),
  };
}

const MatMul = defineOp({
  type: "MatMul",
  inputs: ["a", "b"],
  outputs: ["y"],
  precision: "half",
  infer: (types) => inferMatMul(types, PLAIN),
  // With Y = A B: dA = dY B^T and dB = A^T dY
  gradient: (values) => matMulGradient(values, PLAIN),
});

/**
 * Matrix product over the last two axes, `[..., m, k]` by `[..., k, n]`; those in front are broadcast. Transposes and
 * the factor cost nothing.
 */
export function matMul(a: Value, b: Value, options: MatMulOptions = {}): Value {
  const { transposeA, transposeB, alpha } = { ...PLAIN, ...options };
  if (!transposeA && !transposeB && alpha === 1) return MatMul({ a, b }, {}).y;
  const { portable = false, provider } = currentTarget();
  if (!portable && provider !== "webgpu") return fusedMatMul(a, b, options);
  // WebGPU has no FusedMatMul, but its Gemm transposes and scales on the way just the same.
  if (!portable && a.rank === 2 && b.rank === 2 && isFloat(a.dtype)) return gemm(a, b, options);
  const product = MatMul({
    a: transposeA ? transposeLast(a) : a,
    b: transposeB ? transposeLast(b) : b,
  }, {}).y;
  return alpha === 1 ? product : mul(product, alpha);
}
