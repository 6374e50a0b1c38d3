/**
 * One scale and one shift for each channel in one pass.
 *
 * @module
 */
import { defineOp } from "../graph/op.ts";
import { filled, type TensorType } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { reshape } from "./reshape.ts";

/** What each channel is scaled and shifted by, `[C]` each. */
export interface ChannelStatistics {
  /** Scale once normalised; one when left out. */
  readonly scale?: Value | undefined;
  /** What is added in the end; zero when left out. */
  readonly bias?: Value | undefined;
  /** What is subtracted at first; zero when left out. */
  readonly mean?: Value | undefined;
  /** What, with epsilon added, the root of divides by. */
  readonly variance: Value;
  /** What is added to the variance. */
  readonly epsilon: number;
}

interface Attributes {
  readonly epsilon: number;
}

const NormalizeChannels = defineOp({
  type: "BatchNormalization",
  inputs: ["x", "scale", "bias", "mean", "variance"],
  outputs: ["y"],
  infer: ({ x }: Readonly<Record<string, TensorType>>) => ({ y: x! }),
  onnx: ({ epsilon }: Attributes) => ({ attributes: { epsilon: { float: epsilon } } }),
  // What is made of it has a gradient of its own.
  gradient: "none",
});

/**
 * `(x - mean) scale / sqrt(variance + epsilon) + bias` for each channel, as ONNX's BatchNormalization for inference: one
 * kernel on CUDA, where primitives take one for each operation. It has no gradient.
 *
 * @param x `[N, C]` or `[N, C, ...]`
 */
export function normalizeChannels(
  x: Value,
  { scale, bias, mean, variance, epsilon }: ChannelStatistics,
): Value {
  const of = (value: number) => constant(filled(x.dtype, [x.shape[1]!], value));
  const given = { scale: scale ?? of(1), bias: bias ?? of(0), mean: mean ?? of(0), variance };
  return NormalizeChannels({ x, ...given }, { epsilon }).y;
}

/** {@linkcode normalizeChannels} of one number of each channel, `[C]`. */
export function normalizeVector(vector: Value, statistics: ChannelStatistics): Value {
  return reshape(normalizeChannels(reshape(vector, [1, -1]), statistics), vector.shape);
}

/** `scale / sqrt(variance + epsilon)` of each channel, `[C]`, in one kernel; see {@linkcode normalizeChannels}. */
export function factorOf(
  { scale, variance, epsilon }: Pick<ChannelStatistics, "scale" | "variance" | "epsilon">,
): Value {
  const ones = constant(filled(variance.dtype, variance.shape, 1));
  return normalizeVector(ones, { scale, variance, epsilon });
}
