/**
 * What a generator makes of a few fixed images while it is trained: pictures and numbers after its epochs.
 *
 * @module
 */
import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import { spreadSamples } from "../../data/spread_samples.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import { ifThere } from "../../files/if_there.ts";
import { writeNewFileInFolder } from "../../files/new_file.ts";
import { SMALL_SAMPLING } from "../find_generator.ts";
import { UnclipPipeline } from "../pipeline.ts";
import { type EmbeddingGaussian, embeddingGaussian, frechetDistance } from "./distance.ts";
import type { GeneratorConfiguration } from "./generator_configuration.ts";
import { writeGeneratorFolder } from "./generator_folder.ts";
import { ImageCutter, stackViews } from "./image_cutter.ts";
import { peakSignalToNoise, reconstructImages } from "./reconstruct.ts";
import { encodeSheet } from "./sample_sheet.ts";
import { SAMPLE_LEVELS, sampleVariations } from "./sample_variations.ts";
import type { StageName } from "./stage_event.ts";
import type { StageMeasures } from "./stage_run.ts";
import type { GeneratorMeasures } from "./train_generator.ts";

/** What is sampled while a generator is trained. */
export interface GeneratorSamplesOptions {
  /** What determines the training. */
  readonly configuration: GeneratorConfiguration;
  /** The images that it is trained on, of which some are sampled, spread over all. */
  readonly dataset: Dataset;
  /** Folder of the run. */
  readonly output: string;
  /** Where and how it runs. */
  readonly placement: Placement;
  /** Images in the pictures, at most (default 6). */
  readonly images?: number;
  /** Images of which one variation each is compared with the real images, at most (default 64). */
  readonly compared?: number;
  /** Steps of the scheduler (default 12). */
  readonly steps?: number;
  /** Classifier-free guidance scale (default 3). */
  readonly guidanceScale?: number;
  /** Times that the UNet is sampled in a run, about (default 20). */
  readonly times?: number;
}

/** Images that are denoised together. */
const BATCH_SIZE = 8;

/** The file of a stage's samples after an epoch. */
export function sampleFile(output: string, stage: StageName, epoch: number): string {
  return join(output, stage, "samples", `epoch-${String(epoch).padStart(5, "0")}.png`);
}

/** The epoch of a file of samples; undefined of other files. */
export function sampleEpoch(name: string): number | undefined {
  const found = /^epoch-(\d{5,})\.png$/.exec(name);
  return found === null ? undefined : Number(found[1]);
}

/** Some images of a data set, spread over all. */
function chosen(dataset: Dataset, count: number): number[] {
  return spreadSamples(dataset, [...Array(dataset.length).keys()], count);
}

/** The rows of images as tiles. */
function tilesOf({ data, shape }: { data: Uint8Array; shape: readonly number[] }): Uint8Array[] {
  const each = data.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, i) => data.subarray(i * each, (i + 1) * each));
}

/** Samples of one run. */
class GeneratorSamples {
  readonly #options: GeneratorSamplesOptions;
  readonly #cutter: ImageCutter;
  #real: EmbeddingGaussian | undefined;

  constructor(options: GeneratorSamplesOptions) {
    this.#options = options;
    this.#cutter = new ImageCutter(options.dataset);
  }

  /** Those of some images, spread over all, that can be read. */
  async #cut(count: number, size: number) {
    const { dataset } = this.#options;
    const { indices, images } = await this.#cutter.cut(chosen(dataset, count), 0, [size]);
    return { samples: indices.map((index) => dataset.sample(index)), originals: images[0]! };
  }

  async #write(stage: StageName, epoch: number, picture: Uint8Array): Promise<void> {
    const path = sampleFile(this.#options.output, stage, epoch);
    // An epoch that is trained again after a run was killed gives the same picture.
    await writeNewFileInFolder(path, picture, { overwrite: true });
  }

  /** Originals above what the autoencoder makes of them. */
  readonly autoencoder: NonNullable<GeneratorMeasures["autoencoder"]> = async (
    network,
    epoch,
  ): Promise<StageMeasures> => {
    const { configuration: { imageSize }, placement, images = 6 } = this.#options;
    const { samples, originals } = await this.#cut(images, imageSize);
    if (samples.length === 0) return { metrics: {} };
    const found = await reconstructImages(network, originals, placement);
    const tiles = [...tilesOf(originals), ...tilesOf(found)];
    const picture = await encodeSheet(tiles, imageSize, samples.length);
    await this.#write("autoencoder", epoch, picture);
    return { metrics: { peakSignalToNoise: peakSignalToNoise(originals, found) }, picture };
  };

  /** A row for each image: itself, and a variation at each level. */
  readonly unet: NonNullable<GeneratorMeasures["unet"]> = async (
    parts,
    epoch,
    epochs,
  ): Promise<StageMeasures> => {
    const { output, times = 20 } = this.#options;
    const every = Math.ceil(epochs / times);
    if (epoch % every !== 0 && epoch !== epochs) return { metrics: {} };
    const folder = join(output, "unet", "sampled");
    // One that was left behind when a run was killed.
    if (await ifThere(Deno.stat(folder))) await Deno.remove(folder, { recursive: true });
    await writeGeneratorFolder(folder, parts);
    try {
      return await this.#sample(folder, epoch);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };

  async #sample(folder: string, epoch: number): Promise<StageMeasures> {
    const { placement, images = 6, compared = 64 } = this.#options;
    const { steps = SMALL_SAMPLING.numInferenceSteps, guidanceScale = SMALL_SAMPLING.scale } =
      this.#options;
    const { seed } = this.#options.configuration;
    using pipeline = await UnclipPipeline.create(folder, {
      ...placement,
      ...{ batchSize: BATCH_SIZE, steps, guidanceScale },
    });
    const { samples } = await this.#cut(images, pipeline.imageSize);
    if (samples.length === 0) return { metrics: {} };
    const made = await sampleVariations(pipeline, samples, {
      ...{ levels: SAMPLE_LEVELS, seed, batchSize: BATCH_SIZE },
    });
    const size = made.get(SAMPLE_LEVELS[0]!)![0]!.width;
    const { originals } = await this.#cut(images, size);
    const tiles = tilesOf(originals).flatMap((original, i) => [
      original,
      ...SAMPLE_LEVELS.map((level) => made.get(level)![i]!.data),
    ]);
    const picture = await encodeSheet(tiles, size, SAMPLE_LEVELS.length + 1);
    await this.#write("unet", epoch, picture);
    const distance = await this.#distance(pipeline, compared);
    return { metrics: { distance }, picture };
  }

  /** Distance of variations without noise to the images that they are of, by the generator's own image encoder. */
  async #distance(pipeline: UnclipPipeline, count: number): Promise<number> {
    const { configuration: { seed } } = this.#options;
    const { imageSize } = pipeline;
    const { samples, originals } = await this.#cut(count, imageSize);
    this.#real ??= embeddingGaussian(await pipeline.embed(originals));
    const made = await sampleVariations(pipeline, samples, {
      ...{ levels: [0], seed, batchSize: BATCH_SIZE },
    });
    const views = made.get(0)!.map((image) => pipeline.cut(image));
    return frechetDistance(
      this.#real,
      embeddingGaussian(await pipeline.embed(stackViews(views, imageSize))),
    );
  }
}

/**
 * What {@linkcode trainGenerator} measures after epochs: of the autoencoder, reconstructions and their peak signal-to-noise
 * ratio; of the UNet, some twenty times a run, variations of fixed images at every level from the same noise, and the Fréchet distance of
 * variations to real images by the embeddings of the generator's own image encoder. The pictures are in `samples/` of the stage's
 * folder and in TensorBoard.
 */
export function generatorSamples(options: GeneratorSamplesOptions): GeneratorMeasures {
  const { autoencoder, unet } = new GeneratorSamples(options);
  return { autoencoder, unet };
}
