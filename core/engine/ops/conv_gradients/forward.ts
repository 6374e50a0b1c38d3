/**
 * Ways to compute a convolution. All give the same numbers up to rounding.
 *
 * @module
 */
import type { Value } from "../../graph/value.ts";
import { directConv } from "../conv.ts";
import { add } from "../add.ts";
import { matMul } from "../mat_mul.ts";
import { reshape } from "../reshape.ts";
import { blockedConv, suitsBlocks } from "./blocked_layout.ts";
import { type ConvProblem, isPointwise } from "./problem.ts";

/** What a convolution is made of. */
export interface ForwardValues {
  /** Input, `[N, C, ...]`. */
  readonly x: Value;
  /** Weight, `[K, C / group, ...]`. */
  readonly w: Value;
  /** Bias, `[K]`. */
  readonly b?: Value | undefined;
}

/** A formulation of some task: for which problems it is meant, and how it is built. */
export interface Formulation<Values> {
  /**
   * Whether the formulation computes a problem.
   *
   * @param block channels that the CPU's kernels block together, 1 where there are no such kernels
   */
  readonly suits: (problem: ConvProblem, block: number) => boolean;
  /** Builds the result. */
  readonly build: (values: Values, problem: ConvProblem, block: number) => Value;
}

/** The weight times the pixels of each image. */
function product({ x, w, b }: ForwardValues, { y }: ConvProblem): Value {
  const pixels = reshape(x, [x.shape[0]!, x.shape[1]!, -1]);
  const products = matMul(reshape(w, w.shape.slice(0, 2)), pixels);
  return reshape(b === undefined ? products : add(products, reshape(b, [-1, 1])), y);
}

/** Names of the formulations of a convolution. */
export type ForwardName = "direct" | "product" | "blocked";

/** Formulations of a convolution. */
export const FORWARD: Readonly<Record<ForwardName, Formulation<ForwardValues>>> = {
  /** ONNX's Conv. */
  direct: {
    suits: () => true,
    build: ({ x, w, b }, { attributes }) => directConv(x, w, attributes, b),
  },
  /** One matrix product per image, for pointwise convolutions. */
  product: {
    suits: (problem) => isPointwise(problem) && problem.attributes.group === 1,
    build: product,
  },
  /** The blocked kernels of ONNX Runtime's CPU provider. */
  blocked: { suits: suitsBlocks, build: blockedConv },
};
