/**
 * A generator so small that it is trained within a second.
 *
 * @module
 */
import type { Dataset } from "../../../../core/data/dataset.ts";
import { openEmoji } from "../../../../core/data/emoji/mod.ts";
import { subset } from "../../../../core/data/mod.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import {
  type GeneratorConfiguration,
  generatorConfiguration,
} from "../../../../core/unclip/training/generator_configuration.ts";
import type { TrainGeneratorOptions } from "../../../../core/unclip/training/train_generator.ts";
import { readPipelineGolden, writePipeline } from "../pipeline_golden.ts";

const STEPS = { batchSize: 4, steps: 5, warmupSteps: 2 };

/** Its sizes, and a few steps of each stage. */
export const TINY: GeneratorConfiguration = generatorConfiguration({
  imageSize: 16,
  draws: 2,
  autoencoder: { channels: [4, 8], latentChannels: 4, groups: 2, ...STEPS },
  textEncoder: { width: 8, tokens: 8 },
  unet: { channels: [8, 16], groups: 4, headWidth: 8, ...STEPS },
}, "the tiny generator");

/** Ten emoji, rendered anew in each epoch. */
export async function tenEmoji(): Promise<Dataset> {
  const emoji = await openEmoji("google", { size: 16, redraw: true });
  return subset(emoji, Array.from({ length: 10 }, (_, i) => 30 * i));
}

/** Options that train it in a folder, with the small image encoder of the pipeline's golden. */
export async function tinyTraining(folder: string): Promise<TrainGeneratorOptions> {
  const imageEncoder = `${folder}/published`;
  await writePipeline(imageEncoder, await readPipelineGolden());
  return {
    configuration: TINY,
    dataset: await tenEmoji(),
    imageEncoder,
    output: `${folder}/run`,
    placement: { device: CPU, threads: 1 },
  };
}
