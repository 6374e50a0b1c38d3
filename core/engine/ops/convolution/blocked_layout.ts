/**
 * ONNX Runtime's blocked layout of channels on the CPU, `[N, C / block, H, W, block]` in a tensor of shape
 * `[N, C, H, W]`: its convolutions take it without gathering columns first. ONNX Runtime itself uses these operators
 * for convolutions by constant weights only; here the weights, which training changes, are blocked when the graph runs.
 *
 * The domain exists on the CPU alone, and the block depends on the processor's vectors (8 or 16 floats):
 * {@linkcode probeChannelBlock} finds it.
 *
 * @module
 */
import { defineOp, type OnnxForm } from "../../graph/op.ts";
import { elementCount } from "../../graph/shape.ts";
import { float32, type Tensor, type TensorType } from "../../graph/tensor.ts";
import { constant, type Value } from "../../graph/value.ts";
import { reshape } from "../reshape.ts";
import { transpose } from "../transpose.ts";
import { turnAround } from "./_taps.ts";
import { type ConvAttributes, type ConvProblem, isDepthwise } from "./problem.ts";

/** Domain of the operators of the blocked layout. */
export const BLOCKED_DOMAIN = "com.microsoft.nchwc";

const ReorderInput = defineOp({
  type: "ReorderInput",
  domain: BLOCKED_DOMAIN,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: x }),
  gradient: "none",
});

const ReorderOutput = defineOp({
  type: "ReorderOutput",
  domain: BLOCKED_DOMAIN,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: x }),
  onnx: (_, { x }) => ({ attributes: { channels: { int: x!.shape[1]! } } }),
  gradient: "none",
});

interface BlockedConvAttributes extends ConvAttributes {
  readonly kernel: readonly number[];
  readonly shape: readonly number[];
  readonly relu?: boolean;
}

function onnxBlockedConv(attributes: BlockedConvAttributes): OnnxForm {
  const { kernel, strides, pads, dilations, group, relu } = attributes;
  return {
    attributes: {
      kernel_shape: { ints: kernel },
      strides: { ints: strides },
      pads: { ints: pads },
      dilations: { ints: dilations },
      group: { int: group },
      ...(relu && { activation: { string: "Relu" } }),
    },
  };
}

const BlockedConv = defineOp({
  type: "Conv",
  domain: BLOCKED_DOMAIN,
  inputs: ["x", "w"],
  optional: ["b", "sum"],
  outputs: ["y"],
  infer: ({ x }, { shape }: BlockedConvAttributes): { y: TensorType } => ({
    y: { dtype: x.dtype, shape },
  }),
  onnx: onnxBlockedConv,
  gradient: "none",
});

/** Whether the blocked kernels compute a problem, for blocks of so many channels; blocks of one are no blocks. */
export function suitsBlocks(problem: ConvProblem, block: number): boolean {
  const { dtype, x, w, attributes: { group } } = problem;
  if (block === 1 || dtype !== "float32" || x.length !== 4 || w[0]! % block !== 0) return false;
  if (isDepthwise(problem)) return w[0] === x[1];
  if (group === 1 && x[1]! < block) return true;
  return w[1]! % block === 0 && (w[0]! / group) % block === 0;
}

/** Whether the kernels read the channels of the input one at a time: those of images, or each with its own weights. */
function readsSingleChannels(problem: ConvProblem, block: number): boolean {
  return isDepthwise(problem) || problem.x[1]! < block;
}

/** `[K, C, taps]` in the order in which the blocked kernels read it: `[K / block, C / block, taps, block C, block K]`. */
export function blockedWeight(w: Value, problem: ConvProblem, block: number): Value {
  const [outputs, inputs] = w.shape as [number, number];
  // ReorderInput moves elements about several times faster than Transpose, which then copies whole blocks.
  const flat = reshape(w, [outputs / block, block, elementCount(w.shape.slice(1)), 1]);
  const outputsLast = ReorderInput({ x: flat }, {}).y;
  if (readsSingleChannels(problem, block)) return reshape(outputsLast, w.shape);
  const split = reshape(outputsLast, [outputs / block, inputs / block, block, -1, block]);
  return reshape(transpose(split, [0, 1, 3, 2, 4]), w.shape);
}

/**
 * The weight with its kernel turned around and its channels exchanged, in the order in which the blocked kernels read
 * it for the gradient by the input; of a single group, or depthwise.
 */
export function blockedTurnedWeight(w: Value, problem: ConvProblem, block: number): Value {
  const [outputs, inputs] = w.shape as [number, number];
  const taps = elementCount(w.shape.slice(2));
  if (isDepthwise(problem)) {
    const tapsFirst = reshape(blockedWeight(w, problem, block), [outputs / block, taps, block]);
    return reshape(turnAround(tapsFirst, 1), w.shape);
  }
  const turned = turnAround(tapBlocks(w, block), 2);
  return reshape(turned, [inputs, outputs, ...w.shape.slice(2)]);
}

/**
 * The weight of a single group with its channels exchanged, in the order in which the blocked kernels read it, the taps
 * in theirs: `[C / block, K / block, taps, block K, block C]`, the last two in one axis.
 */
export function tapBlocks(w: Value, block: number): Value {
  const [outputs, inputs] = w.shape as [number, number];
  const taps = elementCount(w.shape.slice(2));
  const inputsLast = ReorderInput({ x: reshape(w, [outputs, inputs, taps, 1]) }, {}).y;
  const split = reshape(inputsLast, [outputs / block, block, inputs / block, taps, block]);
  const exchanged = transpose(split, [2, 0, 3, 1, 4]);
  return reshape(exchanged, [inputs / block, outputs / block, taps, block * block]);
}

/**
 * The convolution by blocked kernels, for problems that {@linkcode suitsBlocks} accepts.
 *
 * @param weight blocked, by {@linkcode blockedWeight}
 */
export function blockedConv(
  { x, weight, b }: { readonly x: Value; readonly weight: Value; readonly b?: Value | undefined },
  problem: ConvProblem,
  block: number,
): Value {
  // The kernels read fewer channels than a block, those of images, as they are.
  const input = problem.x[1]! < block ? x : blocked(x);
  return unblocked(blockedProduct({ x: input, weight, b }, problem));
}

/** A tensor `[N, C, H, W]` in the blocked layout. */
export function blocked(x: Value): Value {
  return ReorderInput({ x }, {}).y;
}

/** A tensor of the blocked layout in the usual one. */
export function unblocked(x: Value): Value {
  return ReorderOutput({ x }, {}).y;
}

/** The convolution of a tensor of the blocked layout, in that layout. */
export function blockedProduct(
  { x, weight, b }: { readonly x: Value; readonly weight: Value; readonly b?: Value | undefined },
  problem: ConvProblem,
): Value {
  const attributes = { ...problem.attributes, kernel: problem.w.slice(2), shape: problem.y };
  return BlockedConv({ x, w: weight, b }, attributes).y;
}

/** Arithmetic by channel on a tensor of the blocked layout, in one pass. */
export interface BlockedAffine {
  /** Tensor of the blocked layout, `[N, C, H, W]`. */
  readonly x: Value;
  /** Factor of each channel, `[C]`. */
  readonly scale: Value;
  /** Offset of each channel, `[C]`; none when left out. */
  readonly offset?: Value | undefined;
  /** A tensor of x's shape and layout that is added; none when left out. */
  readonly sum?: Value | undefined;
  /** Whether what is below zero becomes zero in the end (default false). */
  readonly relu?: boolean;
}

/** max(scale x + offset + sum, 0), or the same without a maximum: a depthwise convolution of a single tap. */
export function blockedAffine({ x, scale, offset, sum, relu = false }: BlockedAffine): Value {
  const channels = x.shape[1]!;
  const attributes = {
    ...{ kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] },
    ...{ group: channels, shape: x.shape, relu },
  };
  const w = reshape(scale, [channels, 1, 1, 1]);
  return BlockedConv({ x, w, b: offset, sum }, attributes).y;
}

/**
 * Sums of the products of two tensors of the blocked layout over positions, `[N, C]`, in one pass: a depthwise
 * convolution of one by the other, of which each channel of each sample is a channel.
 */
export function blockedDot(a: Value, b: Value): Value {
  const [batch, channels, ...kernel] = a.shape as [number, number, number, number];
  const planes = batch * channels;
  const attributes = {
    ...{ kernel, strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] },
    ...{ group: planes, shape: [1, planes, 1, 1] },
  };
  const x = reshape(a, [1, planes, ...kernel]);
  const w = reshape(b, [planes, 1, ...kernel]);
  return reshape(BlockedConv({ x, w }, attributes).y, [batch, channels]);
}

const BlockedMeans = defineOp({
  type: "GlobalAveragePool",
  domain: BLOCKED_DOMAIN,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x: { dtype, shape } }): { y: TensorType } => ({
    y: { dtype, shape: [...shape.slice(0, 2), 1, 1] },
  }),
  gradient: "none",
});

/** Means of a tensor of the blocked layout over positions, `[N, C]`. */
export function blockedMeans(x: Value): Value {
  return reshape(BlockedMeans({ x }, {}).y, x.shape.slice(0, 2));
}

/** Channels of the tensor by which the block is found; a multiple of every block there is. */
const PROBED_CHANNELS = 64;

/**
 * The number of channels that ONNX Runtime's CPU kernels on this machine block together; 1 where there are none.
 *
 * @param evaluate runs a graph on the CPU and gives its outputs
 * @throws whatever `evaluate` throws
 */
export async function probeChannelBlock(
  evaluate: (
    outputs: Readonly<Record<string, Value>>,
  ) => Promise<Readonly<Record<string, Tensor>>>,
): Promise<number> {
  // Two positions: the number of the second one of channel 0 follows the channels of the first block.
  const numbers = Array.from({ length: 2 * PROBED_CHANNELS }, (_, i) => i);
  const x = constant(float32([1, PROBED_CHANNELS, 1, 2], numbers));
  const { y } = await evaluate({ y: ReorderInput({ x }, {}).y });
  return (y!.data as Float32Array).indexOf(1);
}
