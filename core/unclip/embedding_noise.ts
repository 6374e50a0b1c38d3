/**
 * Noise augmentation of an image's embedding, which makes variations differ from the image.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { type NoiseScheduleConfig, remainingVariance } from "./noise_schedule.ts";
import { mixtureOf } from "./schedulers/scheduler.ts";
import { timestepEmbedding } from "./timestep_embedding.ts";

/** Statistics of embeddings, one number per feature. */
export interface EmbeddingStatistics {
  /** Means. */
  readonly mean: Float32Array;
  /** Standard deviations. */
  readonly std: Float32Array;
}

/** Embeddings, their noise, and the noise levels. */
export interface NoisyEmbeddings {
  /** `[n, width]` */
  readonly embeddings: Tensor<"float32">;
  /** Normal noise, `[n, width]`. */
  readonly noise: Tensor<"float32">;
  /** Noise levels, steps of the diffusion: one for all images, or one for each. */
  readonly levels: number | readonly number[];
}

/**
 * Adds noise to embeddings, and appends the embedding of the noise level: the UNet's class label.
 *
 * Source: Ramesh et al. 2022, "Hierarchical text-conditional image generation with CLIP latents", section 2.1; diffusers,
 * `StableUnCLIPImg2ImgPipeline.noise_image_embeddings`.
 */
export class EmbeddingNoise {
  readonly #statistics: EmbeddingStatistics;
  readonly #remaining: Float32Array;

  /**
   * Noises by a diffusion, in units of the embeddings' own statistics.
   *
   * @throws {RangeError} if there are not as many means as deviations
   */
  constructor(statistics: EmbeddingStatistics, schedule: NoiseScheduleConfig) {
    const { mean, std } = statistics;
    if (mean.length !== std.length) {
      throw new GenviewRangeError(
        `Cannot noise embeddings: there must be as many deviations as means, found ` +
          `${std.length} and ${mean.length}`,
      );
    }
    this.#statistics = statistics;
    this.#remaining = remainingVariance(schedule);
  }

  /** Features of an embedding. */
  get width(): number {
    return this.#statistics.mean.length;
  }

  /**
   * Embeddings with noise, and the embedding of its level.
   *
   * @returns `[n, 2 width]`
   * @throws {RangeError} if shapes do not fit, or a level is not one of the diffusion's steps
   */
  apply({ embeddings, noise, levels }: NoisyEmbeddings): Tensor<"float32"> {
    const [count, width] = [embeddings.shape[0]!, this.width];
    const each = typeof levels === "number" ? new Array<number>(count).fill(levels) : levels;
    for (const value of [embeddings, noise]) {
      if (value.shape.length === 2 && value.shape[0] === count && value.shape[1] === width) {
        continue;
      }
      throw new GenviewRangeError(
        `Cannot noise embeddings: they and the noise must be [n,${width}], found ` +
          `${formatType(embeddings)} and ${formatType(noise)}`,
      );
    }
    if (each.length !== count) {
      throw new GenviewRangeError(
        `Cannot noise ${count} embeddings: each must have a level, found ${each.length}`,
      );
    }
    const labels = new Float32Array(2 * count * width);
    each.forEach((level, row) => {
      const at = row * width;
      const [clean, random] = [embeddings, noise].map(({ data }) => data.subarray(at, at + width));
      this.#noise(clean!, random!, level, labels.subarray(2 * at, 2 * at + width));
      labels.set(timestepEmbedding(level, width), 2 * at + width);
    });
    return tensor("float32", [count, 2 * width], labels);
  }

  #noise(clean: Float32Array, random: Float32Array, level: number, to: Float32Array): void {
    const left = this.#remaining[level];
    if (left === undefined) {
      throw new GenviewRangeError(
        `Cannot noise an embedding: the level must be an integer in ` +
          `[0, ${this.#remaining.length - 1}], found ${level}`,
      );
    }
    const { mean, std } = this.#statistics;
    const { signal, noise } = mixtureOf(left);
    for (let i = 0; i < to.length; i++) {
      const normalized = (clean[i]! - mean[i]!) / std[i]!;
      to[i] = (signal * normalized + noise * random[i]!) * std[i]! + mean[i]!;
    }
  }
}
