/**
 * Trials of what layers of networks are made of.
 *
 * @module
 */
import type { Shape } from "../../graph/shape.ts";
import { currentTarget } from "../../graph/target.ts";
import { float32 } from "../../graph/tensor.ts";
import { constant, type Value } from "../../graph/value.ts";
import { directConv } from "../../ops/conv.ts";
import * as op from "../../ops/mod.ts";
import { type OperatorTrial, unary } from "./operator_trial.ts";

type Build = OperatorTrial["build"];

const gradients = true;

function conv(
  name: string,
  [x, w]: readonly [Shape, Shape],
  options: Omit<op.ConvOptions, "bias">,
): OperatorTrial {
  const build: Build = (given) => op.conv(given.x!, given.w!, { ...options, bias: given.b! });
  return { name, inputs: { x, w, b: [w[0]!] }, build, gradients };
}

/** A convolution by ONNX's operator, whatever is chosen for its shape. */
function direct(name: string, [x, w]: readonly [Shape, Shape], pads: Shape): OperatorTrial {
  const attributes = { strides: [1, 1], pads, dilations: [1, 1], group: 1 };
  const build: Build = (given) => directConv(given.x!, given.w!, attributes, given.b);
  return { name, inputs: { x, w, b: [w[0]!] }, build };
}

function transposed(
  name: string,
  [x, w]: readonly [Shape, Shape],
  options: op.ConvTransposeOptions,
): OperatorTrial {
  const build: Build = (given) => op.convTranspose(given.x!, given.w!, options);
  return { name, inputs: { x, w }, build };
}

/** Convolutions and their gradients. */
export const CONVOLUTIONS: readonly OperatorTrial[] = [
  conv("Conv", [[2, 3, 8, 8], [4, 3, 3, 3]], { pads: 1 }),
  conv("Conv with strides", [[2, 4, 8, 8], [4, 4, 3, 3]], { pads: 1, strides: 2 }),
  conv("Conv in groups", [[2, 4, 6, 6], [6, 2, 3, 3]], { pads: 1, group: 2 }),
  conv("depthwise Conv", [[2, 4, 6, 6], [4, 1, 3, 3]], { pads: 1, group: 4 }),
  conv("Conv of patches", [[2, 3, 8, 8], [5, 3, 4, 4]], { strides: 4 }),
  direct("Conv padded at the ends alone", [[2, 3, 4, 4], [4, 3, 4, 4]], [0, 0, 1, 1]),
  direct("pointwise Conv with bias", [[2, 7, 5, 3], [6, 7, 1, 1]], [0, 0, 0, 0]),
  transposed("ConvTranspose", [[2, 4, 4, 4], [4, 3, 3, 3]], {
    strides: 2,
    pads: 1,
    outputPadding: 1,
  }),
  transposed("ConvTranspose in groups of one output", [[2, 6, 4, 4], [6, 1, 3, 3]], { group: 3 }),
];

function product(name: string, a: Shape, b: Shape, options: op.MatMulOptions = {}): OperatorTrial {
  const build: Build = (given) => op.matMul(given.a!, given.b!, options);
  return { name, inputs: { a, b }, build, gradients };
}

/** Products of matrices, and what is attended to by them, with their gradients. */
export const PRODUCTS: readonly OperatorTrial[] = [
  product("MatMul", [5, 7], [7, 3]),
  product("MatMul of transposed operands", [7, 5], [3, 7], { transposeA: true, transposeB: true }),
  product("MatMul in batches", [2, 3, 5, 7], [2, 3, 7, 4], { alpha: 0.5 }),
  {
    name: "Gemm",
    inputs: { a: [5, 7], b: [3, 7], c: [3] },
    build: ({ a, b, c }) => op.gemm(a!, b!, { c: c!, transposeB: true }),
    gradients,
  },
  {
    name: "attention by products",
    inputs: { q: [2, 3, 4], k: [2, 5, 4], v: [2, 5, 4] },
    build: ({ q, k, v }) => op.scaledDotProductAttention(q!, k!, v!),
    gradients,
  },
  {
    name: "MultiHeadAttention",
    inputs: { q: [2, 3, 8], k: [2, 5, 8], v: [2, 5, 8] },
    build: ({ q, k, v }) => op.multiHeadAttention(q!, k!, v!, { heads: 2 }),
  },
];

const NORMALIZED: Shape = [4, 6, 3, 3];

/** Of float16 where graphs for it are written in other kernels, of float32 elsewhere: not every device has float16. */
function batchNormOfHalf(x: Value): Value {
  const dtype = currentTarget().provider === "cuda" ? "float16" : "float32";
  return op.cast(op.batchNormalization(op.cast(x, dtype)).y, "float32");
}

/** A softmax of scores of which some are masked, as those of texts are. */
function maskedSoftmax(x: Value): Value {
  const mask = [0, -Infinity, 0, 0, -Infinity, 0, -Infinity];
  return op.softmax(op.add(x, constant(float32([7], mask))), { axis: 1 });
}

/** Normalisations, activations, pools and resizes, most of them with their gradients. */
export const MAPS: readonly OperatorTrial[] = [
  { ...unary("Softmax", (x) => op.softmax(x, { axis: 1 }), [4, 7]), gradients },
  unary("Softmax of masked scores", maskedSoftmax, [4, 7]),
  { ...unary("LogSoftmax", (x) => op.logSoftmax(x, { axis: 1 }), [4, 7]), gradients },
  {
    name: "LayerNormalization",
    inputs: { x: [4, 6], scale: [6], bias: [6] },
    build: ({ x, scale, bias }) => op.layerNormalization(x!, { scale: scale!, bias: bias! }),
    gradients,
  },
  {
    ...unary("batch normalisation", (x) => op.batchNormalization(x, {}).y, NORMALIZED),
    gradients,
  },
  { ...unary("batch normalisation of float16", batchNormOfHalf, [4, 6, 4, 4]), gradients },
  { ...unary("Gelu", (x) => op.gelu(x)), gradients },
  { ...unary("Relu", (x) => op.relu(x)), gradients },
  { ...unary("Sigmoid", (x) => op.sigmoid(x)), gradients },
  {
    ...unary("MaxPool", (x) => op.maxPool(x, { kernel: 3, strides: 2, pads: 1 }), [2, 3, 8, 8]),
    gradients,
  },
  unary("GlobalAveragePool", (x) => op.globalAveragePool(x), NORMALIZED),
  unary("Resize", (x) => op.resize(x, { size: [6, 9], mode: "nearest" }), [2, 3, 3, 3]),
];
