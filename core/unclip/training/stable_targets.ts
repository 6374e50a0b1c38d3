/**
 * Targets of denoising that are means over the draws of an image, and so hold less of what no network can know.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Mixture } from "../schedulers/scheduler.ts";

/** Latents that are mixed with noise, one row for each image of a batch. */
export interface MixedLatents {
  /** Clean latents, `[N, channels, H, W]`. */
  readonly latents: Tensor<"float32">;
  /** Noise, like the latents. */
  readonly noise: Tensor<"float32">;
  /** Shares of both in each row. */
  readonly mixtures: readonly Mixture[];
}

/** Latents of images that were each drawn several times. */
export interface DrawnLatents {
  /** Means of the latents, `[draws · images, channels, H, W]`: all images once, then all once more. */
  readonly mean: Tensor<"float32">;
  /** Times that each image was drawn. */
  readonly draws: number;
  /** Scaling factor of the latents. */
  readonly scale: number;
}

/** Shares of 1 that are proportional to the exponentials of numbers, which they replace. */
function softmax(values: Float64Array): void {
  const largest = values.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp(values[i]! - largest);
  for (let i = 0; i < values.length; i++) values[i]! /= sum;
}

/**
 * Replaces latents and noise of a batch by others of the same mixture, whose targets are stable: the clean latents become the
 * mean over all draws of the same image, each weighed by how likely it is to have given the mixture, and the noise becomes what
 * is left. Where there is almost only noise this is the mean of all draws, and where there is little it is the draw itself.
 *
 * What a network learns is the same, as far as its condition does not tell the draws of an image apart, for it learns the mean of
 * what may have given a mixture; but it learns it from fewer samples, since a single draw is that mean with noise of its own: the
 * backgrounds of one picture.
 *
 * Source: Xu, Tong & Jaakkola 2023, "Stable target field for reduced variance score estimation in diffusion models", equation 8,
 * with the draws of an image as its reference batch.
 *
 * @param rows of the drawn latents that the batch was sampled from
 */
export function stabilizeTargets(
  { latents, noise, mixtures }: MixedLatents,
  { mean, draws, scale }: DrawnLatents,
  rows: ArrayLike<number>,
): void {
  const images = mean.shape[0]! / draws;
  const each = latents.data.length / mixtures.length;
  const mixed = new Float64Array(each);
  const stable = new Float64Array(each);
  const weights = new Float64Array(draws);
  mixtures.forEach(({ signal, noise: share }, i) => {
    const clean = latents.data.subarray(i * each, (i + 1) * each);
    const random = noise.data.subarray(i * each, (i + 1) * each);
    const row = rows[i]!;
    // The draw that the batch has is its own sample, with what the autoencoder leaves open; the others are their means.
    const candidate = (draw: number): readonly [values: Float32Array, factor: number] => {
      const other = draw * images + row % images;
      return other === row
        ? [clean, 1]
        : [mean.data.subarray(other * each, (other + 1) * each), scale];
    };
    for (let j = 0; j < each; j++) mixed[j] = signal * clean[j]! + share * random[j]!;
    for (let draw = 0; draw < draws; draw++) {
      const [values, factor] = candidate(draw);
      const amount = signal * factor;
      let distance = 0;
      for (let j = 0; j < each; j++) {
        const difference = mixed[j]! - amount * values[j]!;
        distance += difference * difference;
      }
      weights[draw] = -distance / (2 * share * share);
    }
    softmax(weights);
    stable.fill(0);
    for (let draw = 0; draw < draws; draw++) {
      const [values, factor] = candidate(draw);
      const amount = weights[draw]! * factor;
      for (let j = 0; j < each; j++) stable[j]! += amount * values[j]!;
    }
    for (let j = 0; j < each; j++) {
      clean[j] = stable[j]!;
      random[j] = (mixed[j]! - signal * stable[j]!) / share;
    }
  });
}
