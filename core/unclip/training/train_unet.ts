/**
 * The stage that trains the conditional UNet of a generator.
 *
 * @module
 */
import type { GraphTarget } from "../../engine/graph/target.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { RandomStream } from "../../engine/random/random_stream.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import { EmbeddingNoise, type EmbeddingStatistics } from "../embedding_noise.ts";
import { latentFactor } from "../networks/autoencoder.ts";
import type { UnetConfig } from "../networks/unet.ts";
import { type NoiseScheduleConfig, remainingVariance } from "../noise_schedule.ts";
import { gatherRows } from "../rows.ts";
import { mixtureOf } from "../schedulers/scheduler.ts";
import { buildStage } from "./built_stage.ts";
import { standardizeLabels, withPlainLabels } from "./class_embedding.ts";
import {
  denoisingLoss,
  denoisingLossRange,
  minSnrWeight,
  type PredictionType,
} from "./denoising_loss.ts";
import type { EncodedImages } from "./encoded_images.ts";
import type { GeneratorConfiguration } from "./generator_configuration.ts";
import type { BatchInputs } from "./replicated_step.ts";
import { runStage, type StageOutcome } from "./stage_run.ts";
import { optimizationOf, stageScalars } from "./stage_schedule.ts";
import { stabilizeTargets } from "./stable_targets.ts";
import type { StageSettings } from "./stage_settings.ts";
import { normalNoise } from "./train_autoencoder.ts";

/** The diffusion of the latents, as in Ho et al. 2020. */
export const LATENT_NOISE: NoiseScheduleConfig = {
  trainTimesteps: 1000,
  betaSchedule: "linear",
  betaStart: 0.0001,
  betaEnd: 0.02,
};

/** The diffusion of the embeddings, as the published Stable unCLIP has it. */
export const EMBEDDING_NOISE: NoiseScheduleConfig = {
  trainTimesteps: 1000,
  betaSchedule: "squaredcos_cap_v2",
  betaStart: 0.0001,
  betaEnd: 0.02,
};

/** Epsilon of group normalisation, as in Stable Diffusion. */
const EPSILON = 1e-5;

/** What a UNet is trained on. */
export interface UnetData {
  /** The images. */
  readonly images: EncodedImages;
  /** Statistics of their embeddings. */
  readonly statistics: EmbeddingStatistics;
  /** Scaling factor of their latents. */
  readonly scale: number;
  /** Hidden states of the prompt, `[1, tokens, width]`. */
  readonly text: Tensor<"float32">;
}

/** A UNet, and the diffusions that it is trained on. */
export interface UnetPlan {
  /** Its sizes. */
  readonly config: UnetConfig;
  /** What it predicts. */
  readonly predictionType: PredictionType;
  /** The diffusion of the latents. */
  readonly latentNoise: NoiseScheduleConfig;
  /** The diffusion of the embeddings. */
  readonly embeddingNoise: NoiseScheduleConfig;
}

/** Settings of a UNet's training. */
export interface UnetSettings extends StageSettings {
  /** Whether `initial` takes standardised embeddings, as a new UNet does (default whether there is none). */
  readonly standardized?: boolean;
}

/** Heads of the attention of a level, by its channels and the features of a head that are asked for. */
export function headsOf(channels: number, headWidth: number): number {
  return Math.max(1, Math.floor(channels / headWidth));
}

/** The UNet that a configuration asks for. */
export function unetPlan(
  { unet, autoencoder, textEncoder, imageSize }: GeneratorConfiguration,
  embeddingWidth: number,
): UnetPlan {
  const { channels, layersPerLevel, headWidth, attentionLevels, groups } = unet;
  const { adaptiveGroupNorm, timeEmbeddingWidth } = unet;
  const levels = channels.map((width, i) => {
    const attends = attentionLevels.includes(i);
    const heads = headsOf(width, headWidth);
    return { channels: width, heads, attendsDown: attends, attendsUp: attends };
  });
  return {
    config: {
      latentChannels: autoencoder.latentChannels,
      sampleSize: imageSize / latentFactor(autoencoder),
      levels,
      layersPerLevel,
      groups,
      epsilon: EPSILON,
      textWidth: textEncoder.width,
      classWidth: 2 * embeddingWidth,
      adaptiveGroupNorm,
      ...(timeEmbeddingWidth !== undefined && { timeEmbeddingWidth }),
    },
    predictionType: unet.predictionType,
    latentNoise: LATENT_NOISE,
    embeddingNoise: EMBEDDING_NOISE,
  };
}

/**
 * A timestep of training, drawn with a density that is shifted towards noise. Where there is almost only noise, the layout of
 * a picture is learnt from its embedding alone, and that takes the most samples.
 *
 * Source: Esser et al. 2024, "Scaling rectified flow transformers for high-resolution image synthesis", equation 23, for the
 * timesteps of any diffusion.
 *
 * @param count of the diffusion's timesteps
 * @param shift above 0: the odds of any share of the diffusion are multiplied by it, and 1 leaves timesteps uniform
 */
export function drawTimestep(random: RandomStream, count: number, shift: number): number {
  if (shift === 1) return random.integer(count);
  const share = random.uniform();
  const shifted = share / (share + (1 - share) / shift);
  // Rounding may give 1.
  return Math.min(Math.floor(count * shifted), count - 1);
}

/** Writes the batches of a UNet's training. */
class UnetBatches {
  readonly #data: UnetData;
  readonly #configuration: GeneratorConfiguration;
  readonly #plan: UnetPlan;
  readonly #noise: EmbeddingNoise;
  readonly #remaining: Float32Array;
  readonly #standardized: boolean;
  /** Weight of the loss at each timestep. */
  readonly weights: readonly number[];
  /** The prompt, for each image of a batch. */
  readonly #text: Tensor<"float32">;
  #order: { readonly epoch: number; readonly rows: Uint32Array } | undefined;

  constructor(
    data: UnetData,
    plan: UnetPlan,
    configuration: GeneratorConfiguration,
    standardized: boolean,
  ) {
    this.#standardized = standardized;
    this.#data = data;
    this.#plan = plan;
    this.#configuration = configuration;
    this.#noise = new EmbeddingNoise(data.statistics, plan.embeddingNoise);
    this.#remaining = remainingVariance(plan.latentNoise);
    const { lossWeighting, minSnrGamma } = configuration.unet;
    this.weights = Array.from(
      this.#remaining,
      (remaining) =>
        lossWeighting === "uniform" ? 1 : minSnrWeight(remaining, minSnrGamma, plan.predictionType),
    );
    this.#text = gatherRows(data.text, new Array<number>(configuration.unet.batchSize).fill(0));
  }

  get batchesPerEpoch(): number {
    return Math.floor(this.#data.images.count / this.#configuration.unet.batchSize);
  }

  #rows(index: number): Uint32Array {
    const { seed, unet: { batchSize } } = this.#configuration;
    const epoch = Math.floor(index / this.batchesPerEpoch);
    if (this.#order?.epoch !== epoch) {
      const rows = new RandomStream(seed, "unet order", epoch).permutation(this.#data.images.count);
      this.#order = { epoch, rows };
    }
    const start = (index % this.batchesPerEpoch) * batchSize;
    return this.#order.rows.subarray(start, start + batchSize);
  }

  /** Samples of the images' latents, scaled. */
  #latents(rows: Uint32Array, index: number): Tensor<"float32"> {
    const { images: { mean, logVariance }, scale } = this.#data;
    const each = mean.data.length / mean.shape[0]!;
    const shape = [rows.length, ...mean.shape.slice(1)];
    const { data, ...type } = normalNoise(
      this.#configuration.seed,
      "unet latents",
      index,
      shape,
    );
    rows.forEach((row, i) => {
      for (let j = 0; j < each; j++) {
        const at = row * each + j;
        const spread = Math.exp(0.5 * logVariance.data[at]!);
        data[i * each + j] = scale * (mean.data[at]! + spread * data[i * each + j]!);
      }
    });
    return { data, ...type };
  }

  /** Class labels, as the pipeline makes them of embeddings at random levels of noise, all zeros for some. */
  #labels(rows: Uint32Array, index: number, random: RandomStream): Tensor<"float32"> {
    const { images: { embeddings } } = this.#data;
    const { seed, unet: { conditionDropout, maximumNoiseLevel } } = this.#configuration;
    const width = embeddings.shape[1]!;
    const labels = this.#noise.apply({
      embeddings: gatherRows(embeddings, Array.from(rows)),
      noise: normalNoise(seed, "unet embedding", index, [rows.length, width]),
      levels: Array.from(rows, () => random.integer(maximumNoiseLevel + 1)),
    });
    for (let row = 0; row < rows.length; row++) {
      if (random.chance(conditionDropout)) {
        labels.data.fill(0, row * 2 * width, (row + 1) * 2 * width);
      }
    }
    if (this.#standardized) standardizeLabels(labels, this.#data.statistics);
    return labels;
  }

  /** Writes the batch of a step. */
  place(step: BatchInputs, index: number): void {
    const { seed, unet } = this.#configuration;
    const { batchSize, timestepShift = 1, stableTargets = false } = unet;
    const rows = this.#rows(index);
    const random = new RandomStream(seed, "unet step", index);
    const timesteps = Array.from(
      rows,
      () => drawTimestep(random, this.#remaining.length, timestepShift),
    );
    const left = timesteps.map((timestep) => this.#remaining[timestep]!);
    const mixtures = left.map(mixtureOf);
    const latents = this.#latents(rows, index);
    const noise = normalNoise(seed, "unet noise", index, latents.shape);
    if (stableTargets) {
      const { images, scale } = this.#data;
      stabilizeTargets({ latents, noise, mixtures }, { ...images, scale }, rows);
    }
    const column = [batchSize, 1, 1, 1];
    const float = (shape: readonly number[], values: readonly number[]) =>
      tensor("float32", shape, Float32Array.from(values));
    const write = (name: string, value: Tensor<"float32">) =>
      step.input(name, "float32").write(value);
    write("latents", latents);
    write("noise", noise);
    write("timestep", float([batchSize], timesteps));
    write("signal", float(column, mixtures.map(({ signal }) => signal)));
    write("share", float(column, mixtures.map(({ noise }) => noise)));
    const weights = timesteps.map((timestep) => this.weights[timestep]!);
    write("weight", float([batchSize], weights));
    write("labels", this.#labels(rows, index, random));
    write("text", this.#text);
  }
}

/**
 * Trains the UNet of a generator on encoded images, or what is left of it. Each sample has a timestep, a level of noise on
 * its embedding, and noise of its own; some lose their condition. A UNet to which embeddings are new learns from standardised
 * ones, which its checkpoints take; what is measured and returned is the same function of embeddings as they are
 * (`withPlainLabels`).
 *
 * Source: Ramesh et al. 2022, "Hierarchical text-conditional image generation with CLIP latents", section 2.1, and Ho &
 * Salimans 2022, "Classifier-free diffusion guidance", algorithm 1.
 *
 * @param folder of its checkpoints and logs
 * @throws {RangeError} if there are fewer images than in a batch
 * @throws what `runStage` throws
 */
export async function trainUnet(
  folder: string,
  data: UnetData,
  plan: UnetPlan,
  { configuration, initial, standardized = initial === undefined, ...options }: UnetSettings,
): Promise<StageOutcome> {
  const { placement, isFrozen, measure, ...settings } = options;
  const { unet, seed, precision } = configuration;
  const { batchSize, steps } = unet;
  const { config, predictionType } = plan;
  const batches = new UnetBatches(data, plan, configuration, standardized);
  if (batches.batchesPerEpoch === 0) {
    throw new GenviewRangeError(
      `Cannot train a UNet: there must be the ${batchSize} images of a batch, found ${data.images.count}`,
    );
  }
  const build = (target: GraphTarget, images: number) => {
    const sizes = {
      config,
      batchSize: images,
      size: config.sampleSize,
      tokens: data.text.shape[1]!,
    };
    return buildStage(denoisingLoss({ ...sizes, predictionType, target }), {
      ...optimizationOf(unet, precision),
      ...(isFrozen && { isFrozen }),
    });
  };
  const plain = (tensors: ReadonlyMap<string, Tensor>) =>
    standardized ? withPlainLabels(tensors, data.statistics) : tensors;
  const outcome = await runStage({
    ...settings,
    ...(measure && {
      measure: (tensors: ReadonlyMap<string, Tensor>, epoch: number, epochs: number) =>
        measure(plain(tensors), epoch, epochs),
    }),
    name: "unet",
    folder,
    build,
    placement,
    precision,
    initial: (stage) => initial ?? stage.initialize(seed),
    configuration: { ...configuration, ...plan, ...(standardized && { standardized }) },
    samples: data.images.count,
    batchSize,
    stepsPerEpoch: batches.batchesPerEpoch,
    totalSteps: steps,
    lossRange: denoisingLossRange(batches.weights),
    scalars: stageScalars(unet),
    place: (step, index) => Promise.resolve(batches.place(step, index)),
  });
  return { ...outcome, averages: plain(outcome.averages) };
}
