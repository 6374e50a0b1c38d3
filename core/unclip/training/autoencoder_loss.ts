/**
 * The loss of an autoencoder of images: how far reconstructions are from the images, and latents from a normal distribution.
 *
 * @module
 */
import { type GraphTarget, withTarget } from "../../engine/graph/target.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { abs } from "../../engine/ops/abs.ts";
import { add } from "../../engine/ops/add.ts";
import { cast } from "../../engine/ops/cast.ts";
import { exp } from "../../engine/ops/exp.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reduceMean } from "../../engine/ops/reduce_mean.ts";
import { reduceSum } from "../../engine/ops/reduce_sum.ts";
import { sub } from "../../engine/ops/sub.ts";
import { transpose } from "../../engine/ops/transpose.ts";
import {
  type AutoencoderConfig,
  decodeLatents,
  encodeImages,
  type LatentDistribution,
  latentFactor,
} from "../networks/autoencoder.ts";
import type { StageGraph } from "./built_stage.ts";

/** How far images are apart: by the mean absolute, or the mean squared difference of their numbers. */
export type ReconstructionLoss = "l1" | "l2";

/** What an autoencoder is trained for. */
export interface AutoencoderLossOptions {
  /** Its sizes. */
  readonly config: AutoencoderConfig;
  /** Images of a batch. */
  readonly batchSize: number;
  /** Height and width of the images in pixels. */
  readonly size: number;
  /** How far images are apart. */
  readonly reconstructionLoss: ReconstructionLoss;
  /** Weight of the latents' divergence from a normal distribution. */
  readonly klWeight: number;
  /** What the graph is built for. */
  readonly target: GraphTarget;
}

/**
 * Kullback-Leibler divergence of the latents of an image from a standard normal distribution, the mean over the images of a
 * batch and the sum over an image's latents.
 *
 * Source: Kingma & Welling 2014, "Auto-encoding variational Bayes", appendix B; diffusers,
 * `DiagonalGaussianDistribution.kl`.
 */
export function latentDivergence({ mean, logVariance }: LatentDistribution): Value {
  const squares = add(mul(mean, mean), exp(logVariance));
  const each = mul(sub(squares, add(logVariance, 1)), 0.5);
  return reduceMean(reduceSum(each, { axes: [1, 2, 3] }));
}

/** A sample of a distribution, by standard normal noise. */
export function sampleLatents({ mean, logVariance }: LatentDistribution, noise: Value): Value {
  return add(mean, mul(exp(mul(logVariance, 0.5)), noise));
}

/** Images as an autoencoder takes them, float32 `[N, C, H, W]` in [-1, 1], from pixels uint8 `[N, H, W, C]`. */
export function imagesOf(pixels: Value): Value {
  const unit = mul(cast(transpose(pixels, [0, 3, 1, 2]), "float32"), 2 / 255);
  return sub(unit, 1);
}

/**
 * The loss of a batch: `images` uint8 `[N, size, size, 3]` and `noise` float32
 * `[N, latent channels, size / f, size / f]`. Shows `reconstruction` and `divergence`.
 *
 * Source: Rombach et al. 2022, "High-resolution image synthesis with latent diffusion models", section 3.1 and appendix G,
 * without the perceptual and adversarial terms, for which other networks would have to be trained first.
 */
export function autoencoderLoss(options: AutoencoderLossOptions): StageGraph {
  const { config, batchSize, size, reconstructionLoss, klWeight, target } = options;
  const scope = new Scope({ training: true });
  const pixels = input("images", "uint8", [batchSize, size, size, config.imageChannels]);
  const side = size / latentFactor(config);
  const noise = input("noise", "float32", [batchSize, config.latentChannels, side, side]);
  return withTarget(target, () => {
    const images = imagesOf(pixels);
    const distribution = encodeImages(scope, images, config);
    const decoded = decodeLatents(scope, sampleLatents(distribution, noise), config);
    const difference = sub(decoded, images);
    const reconstruction = reduceMean(
      reconstructionLoss === "l1" ? abs(difference) : mul(difference, difference),
    );
    const divergence = latentDivergence(distribution);
    return {
      scope,
      loss: add(reconstruction, mul(divergence, klWeight)),
      outputs: { reconstruction, divergence },
      batch: [pixels, noise],
    };
  });
}
