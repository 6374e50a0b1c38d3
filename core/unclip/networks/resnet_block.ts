/**
 * The residual block of the UNet and of the autoencoder.
 *
 * @module
 */
import { scalar, type Value } from "../../engine/graph/value.ts";
import { conv2d } from "../../engine/nn/conv2d.ts";
import { groupNorm } from "../../engine/nn/group_norm.ts";
import { linear } from "../../engine/nn/linear.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { add } from "../../engine/ops/add.ts";
import { concat } from "../../engine/ops/concat.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { silu } from "../../engine/ops/silu.ts";
import { split } from "../../engine/ops/split.ts";

/** Options of {@linkcode resnetBlock}. */
export interface ResnetBlockOptions {
  /** Channels of the result. */
  readonly channels: number;
  /** Groups of channels that are normalised together. */
  readonly groups: number;
  /** Epsilon of group normalisation. */
  readonly epsilon: number;
  /**
   * Embedding of timestep and class, `[N, features]`, after its activation; it shifts every position alike. Where it is of
   * several times the maps' images, each part of it is for all of them, and what comes before it is computed once.
   */
  readonly embedding?: Value;
  /** Whether the embedding scales what has been normalised as well as shifting it (default false). */
  readonly adaptiveGroupNorm?: boolean;
}

/** A convolution by 3x3 pixels with a bias, which keeps the size. */
export function conv3x3(scope: Scope, name: string, x: Value, channels: number): Value {
  return conv2d(scope, name, x, { channels, kernel: 3, padding: 1, bias: true });
}

/** Normalisation, activation and a convolution by 3x3 pixels. */
export function normedConv(
  scope: Scope,
  [norm, conv]: readonly [norm: string, conv: string],
  x: Value,
  { channels, groups, epsilon }: ResnetBlockOptions,
): Value {
  return conv3x3(scope, conv, silu(groupNorm(scope, norm, x, { groups, epsilon })), channels);
}

/** Rows of a batch of so many, from those that its parts have in common: `[n, ...]` to `[rows, ...]`, part after part. */
export function commonRows(x: Value, rows: number): Value {
  const parts = rows / x.shape[0]!;
  return parts === 1 ? x : concat(new Array<Value>(parts).fill(x), { axis: 0 });
}

/** A linear map of the embedding, `[N, width]`. */
function projected(block: Scope, embedding: Value, width: number): Value {
  return linear(block, "time_emb_proj", embedding, { width });
}

/** The second convolution, of maps that the embedding scales and shifts once they are normalised. */
function modulatedConv(
  block: Scope,
  x: Value,
  embedding: Value,
  { channels, groups, epsilon }: ResnetBlockOptions,
): Value {
  const both = projected(block, embedding, 2 * channels);
  const [scale, shift] = split(both, [channels, channels], { axis: 1 });
  const modulation = { scale: add(scale!, scalar(1, scale!.dtype)), shift: shift! };
  const normed = groupNorm(block, "norm2", x, { groups, epsilon, modulation });
  return conv3x3(block, "conv2", silu(normed), channels);
}

/**
 * Two convolutions, each after normalisation and activation, added to their input.
 *
 * Source: diffusers, `resnet.py`, `ResnetBlock2D`, whose names its parameters have; for adaptive group normalisation
 * Dhariwal & Nichol 2021, "Diffusion models beat GANs on image synthesis", section 3.1.
 *
 * @param x `[N, C, H, W]`, or those rows that all parts of the embedding have in common
 * @returns `[N, channels, H, W]`
 */
export function resnetBlock(
  scope: Scope,
  name: string,
  x: Value,
  options: ResnetBlockOptions,
): Value {
  const { channels, embedding, adaptiveGroupNorm = false } = options;
  const rows = Math.max(x.shape[0]!, embedding?.shape[0] ?? 1);
  return scope.enter(name, (block) => {
    let inner = commonRows(normedConv(block, ["norm1", "conv1"], x, options), rows);
    if (embedding !== undefined && adaptiveGroupNorm) {
      inner = modulatedConv(block, inner, embedding, options);
    } else {
      if (embedding !== undefined) {
        const shift = projected(block, embedding, channels);
        inner = add(inner, reshape(shift, [...shift.shape, 1, 1]));
      }
      inner = normedConv(block, ["norm2", "conv2"], inner, options);
    }
    const passed = x.shape[1] === channels
      ? x
      : conv2d(block, "conv_shortcut", x, { channels, kernel: 1, bias: true });
    return add(commonRows(passed, rows), inner);
  });
}
