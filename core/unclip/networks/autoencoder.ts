/**
 * The autoencoder between images and latents.
 *
 * @module
 */
import type { Value } from "../../engine/graph/value.ts";
import { conv2d } from "../../engine/nn/conv2d.ts";
import { groupNorm } from "../../engine/nn/group_norm.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { add } from "../../engine/ops/add.ts";
import { pad } from "../../engine/ops/pad.ts";
import { split } from "../../engine/ops/split.ts";
import { mapOf, projectedAttention, tokensOf } from "./map_attention.ts";
import { conv3x3, normedConv, resnetBlock, upsample } from "./resnet_block.ts";

/** What an autoencoder is made of. */
export interface AutoencoderConfig {
  /** Channels of the images. */
  readonly imageChannels: number;
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** Channels of each level, from the widest map to the smallest. */
  readonly channels: readonly number[];
  /** Residual blocks of a level of the encoder; the decoder's have one more. */
  readonly layersPerLevel: number;
  /** Groups of channels that are normalised together. */
  readonly groups: number;
  /** Factor by which latents are multiplied for the diffusion. */
  readonly scale: number;
}

/** What is added to the variance of a group. */
const EPSILON = 1e-6;

function residual(scope: Scope, name: string, x: Value, channels: number, groups: number): Value {
  return resnetBlock(scope, name, x, { channels, groups, epsilon: EPSILON });
}

/** Attention of one head among the pixels of the smallest map. */
function attend(scope: Scope, map: Value, groups: number): Value {
  return scope.enter("attentions", (block) => {
    const [, , height, width] = map.shape as [number, number, number, number];
    const normed = block.enter(
      "0",
      (layer) => tokensOf(groupNorm(layer, "group_norm", map, { groups, epsilon: EPSILON })),
    );
    const attended = projectedAttention(block, "0", normed, normed, { heads: 1, bias: true });
    return add(map, mapOf(attended, [height, width]));
  });
}

function middle(scope: Scope, x: Value, { channels, groups }: AutoencoderConfig): Value {
  const width = channels.at(-1)!;
  return scope.enter("mid_block", (block) => {
    const before = residual(block, "resnets.0", x, width, groups);
    return residual(block, "resnets.1", attend(block, before, groups), width, groups);
  });
}

/**
 * Images from latents as the diffusion has them.
 *
 * Source: Rombach et al. 2022, "High-resolution image synthesis with latent diffusion models", section 3.1; diffusers,
 * `autoencoder_kl.py` and `vae.py`, `Decoder`, whose names its parameters have.
 *
 * @param latents `[N, latent channels, H, W]`, divided by the scale already
 * @returns `[N, image channels, H f, W f]` around [-1, 1], where f doubles with each level but one
 */
export function decodeLatents(scope: Scope, latents: Value, config: AutoencoderConfig): Value {
  const { channels, layersPerLevel, groups, imageChannels } = config;
  const entered = conv2d(scope, "post_quant_conv", latents, {
    channels: config.latentChannels,
    kernel: 1,
    bias: true,
  });
  return scope.enter("decoder", (decoder) => {
    let x = middle(decoder, conv3x3(decoder, "conv_in", entered, channels.at(-1)!), config);
    for (const [i, width] of channels.toReversed().entries()) {
      x = decoder.enter(`up_blocks.${i}`, (block) => {
        let y = x;
        for (let layer = 0; layer <= layersPerLevel; layer++) {
          y = residual(block, `resnets.${layer}`, y, width, groups);
        }
        if (i === channels.length - 1) return y;
        const [height, columns] = y.shape.slice(2) as [number, number];
        return upsample(block, y, [2 * height, 2 * columns]);
      });
    }
    const options = { channels: imageChannels, groups, epsilon: EPSILON };
    return normedConv(decoder, ["conv_norm_out", "conv_out"], x, options);
  });
}

/** A distribution of latents, one normal distribution for each number. */
export interface LatentDistribution {
  readonly mean: Value;
  /** Logarithms of the variances, as the network gives them; they are meant to be cut to [-30, 20]. */
  readonly logVariance: Value;
}

/**
 * Latents of images, not yet multiplied by the scale.
 *
 * Source: as for {@linkcode decodeLatents}, `Encoder`.
 *
 * @param images `[N, image channels, H, W]` in [-1, 1]
 * @returns mean and variance, `[N, latent channels, H / f, W / f]` each
 */
export function encodeImages(
  scope: Scope,
  images: Value,
  config: AutoencoderConfig,
): LatentDistribution {
  const { channels, layersPerLevel, groups, latentChannels } = config;
  const encoded = scope.enter("encoder", (encoder) => {
    let x = conv3x3(encoder, "conv_in", images, channels[0]!);
    for (const [i, width] of channels.entries()) {
      x = encoder.enter(`down_blocks.${i}`, (block) => {
        let y = x;
        for (let layer = 0; layer < layersPerLevel; layer++) {
          y = residual(block, `resnets.${layer}`, y, width, groups);
        }
        if (i === channels.length - 1) return y;
        // One row and one column at the end alone, not around.
        const padded = pad(y, [0, 0, 0, 0, 0, 0, 1, 1]);
        const options = { channels: width, kernel: 3, stride: 2, bias: true };
        return conv2d(block, "downsamplers.0.conv", padded, options);
      });
    }
    const options = { channels: 2 * latentChannels, groups, epsilon: EPSILON };
    return normedConv(encoder, ["conv_norm_out", "conv_out"], middle(encoder, x, config), options);
  });
  const moments = conv2d(scope, "quant_conv", encoded, {
    channels: 2 * latentChannels,
    kernel: 1,
    bias: true,
  });
  const [mean, logVariance] = split(moments, [latentChannels, latentChannels], { axis: 1 });
  return { mean: mean!, logVariance: logVariance! };
}
