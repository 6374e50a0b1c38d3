/**
 * Products of matrices.
 *
 * @module
 */
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import type { GemmOptions } from "../../../../core/engine/ops/gemm.ts";
import * as op from "../../../../core/engine/ops/mod.ts";
import type { GradientCase, Variant } from "./gradient_case.ts";

type Product = readonly [a: Shape, b: Shape, options: op.MatMulOptions];

const transposeA = true;
const transposeB = true;

/** Pairs of matrices, rows of a batch by one matrix, batches, stretched batches; each as given and transposed. */
const PRODUCTS: readonly Product[] = [
  [[3, 5], [5, 2], {}],
  [[5, 3], [5, 2], { transposeA }],
  [[3, 5], [2, 5], { transposeB, alpha: 0.3 }],
  [[5, 3], [2, 5], { transposeA, transposeB }],
  [[4, 3, 5], [5, 2], {}],
  [[4, 3, 5], [2, 5], { transposeB, alpha: 0.5 }],
  [[4, 5, 3], [5, 2], { transposeA }],
  [[2, 3, 5], [2, 5, 4], {}],
  [[2, 7, 8], [2, 8, 1], {}],
  [[2, 7, 8], [2, 1, 8], { transposeB }],
  [[2, 5, 3], [2, 5, 4], { transposeA, alpha: -2 }],
  [[2, 1, 3, 5], [3, 2, 5], { transposeB }],
  [[3, 5], [2, 5, 4], {}],
  [[2, 5, 3], [2, 4, 5], { transposeA, transposeB }],
];

const ADDED: readonly (readonly [c: Shape, GemmOptions])[] = [
  [[2], {}],
  [[3, 1], { beta: 0.5, alpha: 2 }],
  [[3, 2], {}],
  [[], {}],
];

/** Queries, keys and values, and the heads they are split into. */
const HEADS: readonly (readonly [q: Shape, k: Shape, heads: number])[] = [
  [[2, 3, 4], [2, 5, 4], 2],
  [[1, 7, 9], [1, 3, 9], 3],
  [[3, 1, 5], [3, 6, 5], 1],
];

function product([a, b, options]: Product, name: "matMul" | "gemm"): Variant {
  return {
    inputs: { a, b },
    build: (inputs) => op[name](inputs.a!, inputs.b!, options),
  };
}

function attention(q: Shape, k: Shape, v: Shape): Variant {
  return {
    inputs: { q, k, v },
    build: (inputs) => op.scaledDotProductAttention(inputs.q!, inputs.k!, inputs.v!),
  };
}

/** One row per operator. */
export const MATRICES: readonly GradientCase[] = [
  { name: "matMul", variants: PRODUCTS.map((given) => product(given, "matMul")) },
  {
    name: "gemm",
    variants: [
      ...PRODUCTS.slice(0, 4).map((given) => product(given, "gemm")),
      ...ADDED.map(([c, options]): Variant => ({
        inputs: { a: [3, 5], b: [5, 2], c },
        build: (inputs) => op.gemm(inputs.a!, inputs.b!, { ...options, c: inputs.c! }),
      })),
    ],
  },
  {
    name: "scaledDotProductAttention",
    variants: [
      attention([3, 4], [5, 4], [5, 2]),
      attention([2, 3, 4, 2], [2, 3, 4, 2], [2, 3, 4, 2]),
      attention([2, 9, 2], [2, 8, 2], [2, 8, 3]),
      {
        inputs: { q: [2, 3, 4], k: [2, 5, 4], v: [2, 5, 4], mask: [3, 5] },
        build: ({ q, k, v, mask }) =>
          op.scaledDotProductAttention(q!, k!, v!, { mask: mask!, scale: 0.7 }),
      },
    ],
  },
  {
    name: "multiHeadAttention",
    dtypes: ["float32"],
    variants: HEADS.map(([q, k, heads]): Variant => ({
      inputs: { q, k, v: k },
      build: (inputs) => op.multiHeadAttention(inputs.q!, inputs.k!, inputs.v!, { heads }),
    })),
  },
];
