/**
 * Ways to compute a convolution. All give the same numbers up to rounding.
 *
 * @module
 */
import type { Value } from "../../graph/value.ts";
import { directConv } from "../conv.ts";
import { add } from "../add.ts";
import { concat } from "../concat.ts";
import { matMul } from "../mat_mul.ts";
import { reshape } from "../reshape.ts";
import { transpose } from "../transpose.ts";
import { allTaps, padSpatial } from "./_taps.ts";
import { blockedConv, blockedWeight, suitsBlocks } from "./blocked_layout.ts";
import { denseProduct, suitsDense } from "./dense.ts";
import { type ConvProblem, isPointwise } from "./problem.ts";
import { suitsWinograd, winogradConv } from "./winograd.ts";

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

/** The taps of all images, gathered into columns, multiplied by a weight of shape `[K, taps, C]`. */
export function gatheredProduct(x: Value, weight: Value, problem: ConvProblem): Value {
  const [batch, outputs, ...lengths] = problem.y as [number, number, ...number[]];
  const spatialAxes = lengths.map((_, axis) => axis + 2);
  const padded = padSpatial(transpose(x, [1, 0, ...spatialAxes]), problem);
  const columns = allTaps(padded, problem).map((tap) => reshape(tap, [x.shape[1]!, -1]));
  const products = matMul(reshape(weight, [outputs, -1]), concat(columns, { axis: 0 }));
  return transpose(reshape(products, [outputs, batch, ...lengths]), [1, 0, ...spatialAxes]);
}

function withBias(y: Value, b: Value | undefined): Value {
  return b === undefined ? y : add(y, reshape(b, [-1, ...y.shape.slice(2).map(() => 1)]));
}

function gathered({ x, w, b }: ForwardValues, problem: ConvProblem): Value {
  const [outputs, inputs] = w.shape as [number, number];
  const weight = transpose(reshape(w, [outputs, inputs, -1]), [0, 2, 1]);
  return withBias(gatheredProduct(x, weight, problem), b);
}

/** Names of the formulations of a convolution. */
export type ForwardName = "direct" | "product" | "gathered" | "dense" | "winograd" | "blocked";

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
  /**
   * One matrix product for the whole batch, for maps so small that a product for each image is hardly more than a
   * product with a vector.
   */
  gathered: { suits: ({ attributes }) => attributes.group === 1, build: gathered },
  /** One matrix product of all inputs by all outputs, for maps with fewer pixels than the kernel has elements. */
  dense: {
    suits: suitsDense,
    build: ({ x, w, b }, problem) => withBias(denseProduct(x, w, problem), b),
  },
  /** Products of transformed maps and kernels, for kernels of 3 x 3: 16 multiplications instead of 36. */
  winograd: {
    suits: suitsWinograd,
    build: ({ x, w, b }, problem, block) => withBias(winogradConv(x, w, problem, block), b),
  },
  /** The blocked kernels of ONNX Runtime's CPU provider. */
  blocked: {
    suits: suitsBlocks,
    build: ({ x, w, b }, problem, block) =>
      blockedConv({ x, weight: blockedWeight(w, problem, block), b }, problem, block),
  },
};
