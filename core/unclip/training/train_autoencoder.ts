/**
 * The stage that trains the autoencoder of a generator.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { GraphTarget } from "../../engine/graph/target.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { elementCount, type Shape } from "../../engine/graph/shape.ts";
import { RandomStream } from "../../engine/random/random_stream.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import { type AutoencoderConfig, latentFactor } from "../networks/autoencoder.ts";
import { autoencoderLoss } from "./autoencoder_loss.ts";
import { buildStage } from "./built_stage.ts";
import type { GeneratorConfiguration } from "./generator_configuration.ts";
import type { StageSettings } from "./stage_settings.ts";
import { runStage, type StageOutcome } from "./stage_run.ts";
import { optimizationOf, stageScalars } from "./stage_schedule.ts";
import { TrainingImages } from "./training_images.ts";

/** The sizes of the autoencoder that a configuration asks for; its latents are not scaled yet. */
export function autoencoderConfig(
  { autoencoder: { channels, latentChannels, layersPerLevel, groups } }: GeneratorConfiguration,
): AutoencoderConfig {
  return { imageChannels: 3, channels, latentChannels, layersPerLevel, groups, scale: 1 };
}

/** Standard normal noise of a step, one stream for each purpose. */
export function normalNoise(
  seed: number,
  purpose: string,
  step: number,
  shape: Shape,
): Tensor<"float32"> {
  const random = new RandomStream(seed, purpose, step);
  const data = Float32Array.from({ length: elementCount(shape) }, () => random.normal());
  return tensor("float32", shape, data);
}

/**
 * Trains the autoencoder of a generator on images, or what is left of it. An image that cannot be read is replaced by another.
 *
 * @param folder of its checkpoints and logs
 * @param initial what its parameters start from (default: drawn by the configuration's seed)
 * @throws {RangeError} if there are fewer images than in a batch
 * @throws what `runStage` throws
 */
export async function trainAutoencoder(
  folder: string,
  dataset: Dataset,
  { configuration, initial, placement, isFrozen, unreadable, ...settings }: StageSettings,
): Promise<StageOutcome> {
  const { autoencoder, imageSize, seed, precision } = configuration;
  const { batchSize, steps, reconstructionLoss, klWeight } = autoencoder;
  const config = autoencoderConfig(configuration);
  const build = (target: GraphTarget, images: number) => {
    const sizes = { config, batchSize: images, size: imageSize };
    return buildStage(autoencoderLoss({ ...sizes, reconstructionLoss, klWeight, target }), {
      ...optimizationOf(autoencoder, precision),
      ...(isFrozen && { isFrozen }),
    });
  };
  const side = imageSize / latentFactor(config);
  const noiseShape = [batchSize, config.latentChannels, side, side];
  const { report } = settings;
  const images = new TrainingImages(dataset, {
    ...{ size: imageSize, batchSize, seed },
    ...(unreadable && { unreadable }),
    onWarning: (message) => report?.({ kind: "warning", message }),
  });
  const { batchesPerEpoch: stepsPerEpoch } = images;
  if (stepsPerEpoch === 0) {
    throw new GenviewRangeError(
      `Cannot train an autoencoder on ${dataset.name}: it must have the ${batchSize} images of a batch, found ` +
        `${dataset.length}`,
    );
  }
  return await runStage({
    ...settings,
    name: "autoencoder",
    folder,
    build,
    placement,
    precision,
    initial: (stage) => initial ?? stage.initialize(seed),
    configuration: { data: configuration.data, imageSize, seed, precision, ...autoencoder },
    samples: dataset.length,
    batchSize,
    stepsPerEpoch,
    totalSteps: steps,
    scalars: stageScalars(autoencoder),
    place: async (step, index) => {
      step.input("images", "uint8").write((await images.batch(index)).images);
      const noise = normalNoise(seed, "autoencoder noise", index, noiseShape);
      step.input("noise", "float32").write(noise);
    },
  });
}
