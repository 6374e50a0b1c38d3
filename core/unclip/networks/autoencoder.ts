/**
 * The autoencoder between images and latents.
 *
 * @module
 */
import type { Value } from "../../engine/graph/value.ts";
import { conv2d } from "../../engine/nn/conv2d.ts";
import { groupNorm } from "../../engine/nn/group_norm.ts";
import { mapOf, tokensOf } from "../../engine/nn/map_tokens.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { add } from "../../engine/ops/add.ts";
import { clip } from "../../engine/ops/clip.ts";
import { pad } from "../../engine/ops/pad.ts";
import { split } from "../../engine/ops/split.ts";
import { projectedAttention } from "./map_attention.ts";
import { conv3x3, normedConv, resnetBlock } from "./resnet_block.ts";
import { upsample } from "./upsample.ts";

/** Sizes of an autoencoder. */
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
  /** Scaling factor of the latents. */
  readonly scale: number;
}

/** Pixels along an axis of the images for each position of the latents: each level but the last halves its maps. */
export function latentFactor({ channels }: Pick<AutoencoderConfig, "channels">): number {
  return 2 ** (channels.length - 1);
}

/** Epsilon of group normalisation. */
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

/** Half the size, by a convolution over pixels that are padded below and to the right: diffusers' `Downsample2D`. */
function downsample(scope: Scope, x: Value): Value {
  const padded = pad(x, [0, 0, 0, 0, 0, 0, 1, 1]);
  const options = { channels: x.shape[1]!, kernel: 3, stride: 2, bias: true };
  return conv2d(scope, "downsamplers.0.conv", padded, options);
}

/** A normal distribution of the latents of each image, all `[N, latent channels, H / f, W / f]`. */
export interface LatentDistribution {
  /** Means. */
  readonly mean: Value;
  /** Logarithms of the variances, within [-30, 20]. */
  readonly logVariance: Value;
}

/** Bounds of a logarithm of a variance, as in diffusers' `DiagonalGaussianDistribution`. */
const LOG_VARIANCE = { min: -30, max: 20 };

/**
 * The distribution of the latents of images, before they are multiplied by the scale.
 *
 * Source: Rombach et al. 2022, "High-resolution image synthesis with latent diffusion models", section 3.1; diffusers,
 * `autoencoder_kl.py` and `vae.py`, `Encoder` and `DiagonalGaussianDistribution`, whose names its parameters have.
 *
 * @param images `[N, image channels, H, W]` in [-1, 1]
 */
export function encodeImages(
  scope: Scope,
  images: Value,
  config: AutoencoderConfig,
): LatentDistribution {
  const { channels, layersPerLevel, groups, latentChannels } = config;
  const moments = scope.enter("encoder", (encoder) => {
    let x = conv3x3(encoder, "conv_in", images, channels[0]!);
    for (const [i, width] of channels.entries()) {
      x = encoder.enter(`down_blocks.${i}`, (block) => {
        let y = x;
        for (let layer = 0; layer < layersPerLevel; layer++) {
          y = residual(block, `resnets.${layer}`, y, width, groups);
        }
        return i === channels.length - 1 ? y : downsample(block, y);
      });
    }
    const options = { channels: 2 * latentChannels, groups, epsilon: EPSILON };
    const names = ["conv_norm_out", "conv_out"] as const;
    return normedConv(encoder, names, middle(encoder, x, config), options);
  });
  const both = conv2d(scope, "quant_conv", moments, {
    channels: 2 * latentChannels,
    kernel: 1,
    bias: true,
  });
  const [mean, logVariance] = split(both, [latentChannels, latentChannels], { axis: 1 });
  return { mean: mean!, logVariance: clip(logVariance!, LOG_VARIANCE) };
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
