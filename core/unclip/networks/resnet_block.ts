/**
 * The residual block of the UNet and of the autoencoder.
 *
 * @module
 */
import type { Value } from "../../engine/graph/value.ts";
import { conv2d } from "../../engine/nn/conv2d.ts";
import { groupNorm } from "../../engine/nn/group_norm.ts";
import { linear } from "../../engine/nn/linear.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { add } from "../../engine/ops/add.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { resize } from "../../engine/ops/resize.ts";
import { silu } from "../../engine/ops/silu.ts";

/** Options of {@linkcode resnetBlock}. */
export interface ResnetBlockOptions {
  /** Channels of the result. */
  readonly channels: number;
  /** Groups of channels that are normalised together. */
  readonly groups: number;
  /** Epsilon of group normalisation. */
  readonly epsilon: number;
  /** Embedding of timestep and class, `[N, features]`, after its activation; added at every position. */
  readonly embedding?: Value;
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

/**
 * Two convolutions, each after normalisation and activation, added to their input.
 *
 * Source: diffusers, `resnet.py`, `ResnetBlock2D`, whose names its parameters have.
 *
 * @param x `[N, C, H, W]`
 * @returns `[N, channels, H, W]`
 */
export function resnetBlock(
  scope: Scope,
  name: string,
  x: Value,
  options: ResnetBlockOptions,
): Value {
  const { channels, embedding } = options;
  return scope.enter(name, (block) => {
    let inner = normedConv(block, ["norm1", "conv1"], x, options);
    if (embedding !== undefined) {
      const shift = linear(block, "time_emb_proj", embedding, { width: channels });
      inner = add(inner, reshape(shift, [...shift.shape, 1, 1]));
    }
    inner = normedConv(block, ["norm2", "conv2"], inner, options);
    if (x.shape[1] === channels) return add(x, inner);
    return add(conv2d(block, "conv_shortcut", x, { channels, kernel: 1, bias: true }), inner);
  });
}

/** Nearest neighbours at another size, and a convolution by 3x3 pixels: diffusers' `Upsample2D`. */
export function upsample(scope: Scope, x: Value, size: readonly [number, number]): Value {
  const wide = resize(x, { size, mode: "nearest" });
  return conv3x3(scope, "upsamplers.0.conv", wide, x.shape[1]!);
}
