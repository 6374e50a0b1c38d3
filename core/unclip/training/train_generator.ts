/**
 * The training of a generator: an autoencoder, then a UNet on what it and an image encoder make of images, and all of it as a
 * folder of the published layout.
 *
 * @module
 */
import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import { GenviewAlreadyExists, GenviewTypeError } from "../../errors/mod.ts";
import { FolderLock } from "../../files/folder_lock.ts";
import { ifThere } from "../../files/if_there.ts";
import { removeTemporaries, writeNewFileInFolder } from "../../files/new_file.ts";
import type { EmbeddingStatistics } from "../embedding_noise.ts";
import type { AutoencoderConfig } from "../networks/autoencoder.ts";
import { loadImageEncoder, readStatistics } from "../pipeline_parts.ts";
import { PublishedFolder } from "../published_folder.ts";
import { withAverages } from "./built_stage.ts";
import { checkTraining } from "./check_training.ts";
import { knowsEmbeddings, withStandardizedLabels } from "./class_embedding.ts";
import {
  embeddingStatistics,
  type EncodedImages,
  encodeTrainingImages,
  scalingFactor,
} from "./encoded_images.ts";
import { exportedEncoder } from "./exported_encoder.ts";
import type { GeneratorConfiguration } from "./generator_configuration.ts";
import { type GeneratorParts, writeGeneratorFolder } from "./generator_folder.ts";
import { GeneratorMessages } from "./generator_messages.ts";
import type { OwnNetwork } from "./generator_networks.ts";
import { readAutoencoder, readUnet } from "./published_parts.ts";
import { checkReplicas } from "./replicated_step.ts";
import type { StageEvent } from "./stage_event.ts";
import type { StageMeasures } from "./stage_run.ts";
import { drawTextEncoder, emptyPromptStates } from "./text_states.ts";
import { autoencoderConfig, trainAutoencoder } from "./train_autoencoder.ts";
import { trainUnet, type UnetPlan, unetPlan } from "./train_unet.ts";

/** What is measured while a generator is trained. */
export interface GeneratorMeasures {
  /** After each epoch of the autoencoder. */
  readonly autoencoder?: (network: OwnNetwork<AutoencoderConfig>, epoch: number) => Promise<
    StageMeasures
  >;
  /** After each epoch of the UNet, by the parts of the generator as it is then; with the number of epochs. */
  readonly unet?: (parts: GeneratorParts, epoch: number, epochs: number) => Promise<StageMeasures>;
}

/** How a generator is trained. */
export interface TrainGeneratorOptions {
  /** What determines the training. */
  readonly configuration: GeneratorConfiguration;
  /** The images; those that are rendered are rendered anew in each epoch if the data set does so. */
  readonly dataset: Dataset;
  /**
   * Folder that holds `image_encoder` and `feature_extractor`; where the configuration has a `projection`, that of a
   * checkpoint of pretraining, and both are exported from it into the run's folder `image_encoder`.
   */
  readonly imageEncoder: string;
  /** Folder of the run; the generator is its folder `model` at the end. */
  readonly output: string;
  /** Goes on with a run that is in the folder (default false: there must be none). */
  readonly resume?: boolean;
  /**
   * Folder of a published Stable unCLIP that is fine-tuned: its networks are what training starts from, its sizes,
   * diffusions, text encoder and tokenizer are kept. By another image encoder than its own, whose embeddings must be as wide,
   * statistics of embeddings are measured anew, and the UNet learns from standardised ones.
   */
  readonly from?: string;
  /** Whether the autoencoder of `from` stays as it is (default true). */
  readonly freezeAutoencoder?: boolean;
  /** Parameters of the UNet that stay as they are, by name (default none). */
  readonly isFrozen?: (parameter: string) => boolean;
  /** Element type of the generator's files (default float16). */
  readonly storedPrecision?: "float32" | "float16";
  /** Where and how it runs. */
  readonly placement: Placement;
  /** Replicas of a network that take each training step together on the cores of a CPU (default 1). */
  readonly replicas?: number;
  /** Minutes between checkpoints (default 5); 0 saves one after each step. */
  readonly checkpointMinutes?: number;
  /** What is measured after epochs. */
  readonly measures?: GeneratorMeasures;
  /** Stops the run after the present step, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Takes what happens. */
  readonly report?: (event: StageEvent) => void;
}

/** What became of a training. */
export interface TrainedGenerator {
  /** Whether it is finished; otherwise it was stopped, and can be resumed. */
  readonly finished: boolean;
  /** The generator's folder, once it is finished. */
  readonly folder?: string;
}

const CONFIGURATION = "configuration.json";
const CHECKPOINT_MINUTES = 5;

/** Folders of a run in which a process that was killed may have left what it was writing. */
const WITH_TEMPORARIES = [".", "latents", "autoencoder/samples", "unet/samples"];

/** Images that are encoded together. */
const ENCODED_TOGETHER = 32;

/** Writes what determines a run into its folder, or checks that it is resumed with the same. */
async function settleFolder(options: TrainGeneratorOptions): Promise<void> {
  const { output, resume = false, configuration, from, imageEncoder } = options;
  const path = join(output, CONFIGURATION);
  const text = `${JSON.stringify({ ...configuration, imageEncoder, from }, undefined, 2)}\n`;
  const found = await ifThere(Deno.readTextFile(path));
  if (found === undefined) return await writeNewFileInFolder(path, text);
  if (!resume) {
    throw new GenviewAlreadyExists(
      `Cannot train a generator in ${output}: it holds a run; resume it, or choose another folder`,
    );
  }
  if (found !== text) {
    throw new GenviewTypeError(
      `Cannot resume the generator in ${output}: it must have the configuration of ${path}; leave out what differs, or ` +
        "choose another folder",
    );
  }
}

/** The configuration with the sizes of what is fine-tuned. */
function withSizes(
  configuration: GeneratorConfiguration,
  { channels, latentChannels, layersPerLevel, groups }: AutoencoderConfig,
): GeneratorConfiguration {
  const sizes = { channels, latentChannels, layersPerLevel, groups };
  return { ...configuration, autoencoder: { ...configuration.autoencoder, ...sizes } };
}

/** One training in progress. */
class GeneratorTraining {
  readonly #options: TrainGeneratorOptions;
  readonly #published: PublishedFolder | undefined;
  /** Whether the embeddings are those that the published UNet knows. */
  readonly #knowsEmbeddings: boolean;
  /** Images that turned out to be unreadable, of which each is warned of once. */
  readonly #unreadable = new Map<string, string>();

  constructor(options: TrainGeneratorOptions) {
    this.#options = options;
    const { from, imageEncoder } = options;
    if (from !== undefined) this.#published = new PublishedFolder(from);
    this.#knowsEmbeddings = knowsEmbeddings(from, imageEncoder);
  }

  #settings(configuration: GeneratorConfiguration) {
    const { placement, replicas = 1, checkpointMinutes = CHECKPOINT_MINUTES } = this.#options;
    const { signal, report } = this.#options;
    return {
      configuration,
      placement,
      replicas,
      checkpointMinutes,
      ...(signal && { signal }),
      ...(report && { report }),
    };
  }

  /** The autoencoder; undefined if it was stopped. */
  async #autoencoder(): Promise<OwnNetwork<AutoencoderConfig> | undefined> {
    const { configuration, dataset, output, freezeAutoencoder = true, measures } = this.#options;
    const given = this.#published && await readAutoencoder(this.#published);
    if (given !== undefined && freezeAutoencoder) return given;
    const sized = given === undefined ? configuration : withSizes(configuration, given.config);
    const config = autoencoderConfig(sized);
    const measure = measures?.autoencoder;
    const { finished, averages } = await trainAutoencoder(join(output, "autoencoder"), dataset, {
      ...this.#settings(sized),
      unreadable: this.#unreadable,
      ...(given && { initial: withAverages(given.tensors) }),
      ...(measure && {
        measure: (tensors: ReadonlyMap<string, Tensor>, epoch: number) =>
          measure({ config, tensors }, epoch),
      }),
    });
    return finished ? { config, tensors: averages } : undefined;
  }

  /** Work that is stopped by an error; undefined if it was. */
  async #untilStopped<T>(work: Promise<T>): Promise<T | undefined> {
    const { signal } = this.#options;
    try {
      return await work;
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return undefined;
      throw error;
    }
  }

  /** Folder of the image encoder, which is exported first if it is to be; undefined if it was stopped. */
  async #imageEncoder(): Promise<string | undefined> {
    const { configuration: { projection, imageSize }, imageEncoder, signal, report } =
      this.#options;
    if (projection === undefined) return imageEncoder;
    const { dataset, output, placement } = this.#options;
    const unreadable = this.#unreadable;
    const where = {
      checkpoint: imageEncoder,
      output,
      dataset,
      imageSize,
      projection,
      placement,
      unreadable,
    };
    return await this.#untilStopped(
      exportedEncoder({ ...where, ...(signal && { signal }), ...(report && { report }) }),
    );
  }

  /** The images as the UNet sees them; undefined if it was stopped. */
  async #encode(
    { config, tensors }: OwnNetwork<AutoencoderConfig>,
    folder: string,
  ): Promise<EncodedImages | undefined> {
    const { configuration: { imageSize, draws }, dataset, output, placement } = this.#options;
    const { signal, report } = this.#options;
    const encoding = { batchSize: ENCODED_TOGETHER, ...placement };
    const { imageEncoder, imageSize: encoderSize } = await loadImageEncoder(
      new PublishedFolder(folder),
      encoding,
    );
    using _encoder = imageEncoder;
    return await this.#untilStopped(encodeTrainingImages(dataset, {
      folder: join(output, "latents"),
      draws,
      size: imageSize,
      config,
      autoencoder: tensors,
      imageEncoder,
      encoderSize,
      batchSize: ENCODED_TOGETHER,
      placement,
      ...(signal && { signal }),
      unreadable: this.#unreadable,
      onWarning: (message) => report?.({ kind: "warning", message }),
      onProgress: (done, total) => report?.({ kind: "encode", done, total }),
    }));
  }

  /** The UNet that is trained, its initial parameters where it is fine-tuned, and what comes with it. */
  async #plan(statistics: EmbeddingStatistics) {
    const { configuration, placement } = this.#options;
    if (this.#published === undefined) {
      const drawn = await drawTextEncoder(configuration.textEncoder, configuration.seed, placement);
      return {
        plan: unetPlan(configuration, statistics.mean.length),
        initial: undefined,
        text: drawn.text,
        textEncoder: drawn,
        tokenizer: { tokens: drawn.config.tokens },
      };
    }
    const { tensors, ...plan } = await readUnet(this.#published);
    const known = this.#knowsEmbeddings
      ? tensors
      : withStandardizedLabels(tensors, await readStatistics(this.#published));
    return {
      plan: plan as UnetPlan,
      initial: withAverages(known),
      text: await emptyPromptStates(this.#published, placement),
      textEncoder: this.#published.folder("text_encoder"),
      tokenizer: this.#published.folder("tokenizer"),
    };
  }

  async finish(): Promise<TrainedGenerator> {
    const { configuration, output, isFrozen, measures } = this.#options;
    const { storedPrecision: precision = "float16" } = this.#options;
    const folder = join(output, "model");
    if (await ifThere(Deno.stat(folder)) !== undefined) return { finished: true, folder };
    const imageEncoder = await this.#imageEncoder();
    if (imageEncoder === undefined) return { finished: false };
    const autoencoder = await this.#autoencoder();
    const images = autoencoder && await this.#encode(autoencoder, imageEncoder);
    if (autoencoder === undefined || images === undefined) return { finished: false };
    const statistics = this.#published && this.#knowsEmbeddings
      ? await readStatistics(this.#published)
      : embeddingStatistics(images);
    const scale = this.#published ? autoencoder.config.scale : scalingFactor(images);
    const { plan, initial, text, textEncoder, tokenizer } = await this.#plan(statistics);
    const partsWith = (tensors: ReadonlyMap<string, Tensor>): GeneratorParts => ({
      imageEncoder: join(imageEncoder, "image_encoder"),
      featureExtractor: join(imageEncoder, "feature_extractor"),
      autoencoder: { config: { ...autoencoder.config, scale }, tensors: autoencoder.tensors },
      unet: { config: plan.config, tensors },
      statistics,
      textEncoder,
      tokenizer,
      embeddingNoise: plan.embeddingNoise,
      scheduler: { ...plan.latentNoise, predictionType: plan.predictionType },
      precision,
    });
    const measure = measures?.unet;
    const data = { images, statistics, scale, text };
    const { finished, averages } = await trainUnet(join(output, "unet"), data, plan, {
      ...this.#settings(configuration),
      standardized: !this.#knowsEmbeddings,
      ...(initial && { initial }),
      ...(isFrozen && { isFrozen }),
      ...(measure && {
        measure: (tensors: ReadonlyMap<string, Tensor>, epoch: number, epochs: number) =>
          measure(partsWith(tensors), epoch, epochs),
      }),
    });
    if (!finished) return { finished };
    await writeGeneratorFolder(folder, partsWith(averages));
    return { finished, folder };
  }
}

/**
 * Trains a generator from scratch, or fine-tunes a published one, and writes it as a folder that diffusers'
 * `StableUnCLIPImg2ImgPipeline` loads. Each stage leaves its logs and checkpoints in a folder of its own; a run that was
 * stopped or killed at any point goes on from there. Images that cannot be read are warned of and passed over.
 *
 * Source: Rombach et al. 2022, "High-resolution image synthesis with latent diffusion models"; Ramesh et al. 2022,
 * "Hierarchical text-conditional image generation with CLIP latents".
 *
 * What it says, and why it ended, is kept in `messages.jsonl`.
 *
 * @throws {Deno.errors.AlreadyExists} if the folder holds a run and it is not to be resumed, or another process trains there
 * @throws {TypeError} if a run is resumed with another configuration, a folder does not fit, or most images cannot be read
 * @throws {RangeError} if the configuration's numbers do not go together or with the images, before anything is written, or
 * replicas cannot share a batch equally
 * @throws {TrainingError} if the loss or the gradient is not finite
 */
export async function trainGenerator(options: TrainGeneratorOptions): Promise<TrainedGenerator> {
  const { output, configuration: { autoencoder, unet }, placement, replicas = 1 } = options;
  for (const { batchSize } of [autoencoder, unet]) {
    checkReplicas(batchSize, { placement, replicas });
  }
  // One that goes on was checked when it began, or began when more was let through.
  if (await ifThere(Deno.stat(join(output, CONFIGURATION))) === undefined) {
    await checkTraining(options);
  }
  using _lock = await FolderLock.acquire(output);
  await settleFolder(options);
  for (const folder of WITH_TEMPORARIES) await ifThere(removeTemporaries(join(output, folder)));
  using messages = await GeneratorMessages.open(output);
  const report = (event: StageEvent) => {
    messages.take(event);
    options.report?.(event);
  };
  try {
    return await new GeneratorTraining({ ...options, report }).finish();
  } catch (error) {
    messages.fail(error);
    throw error;
  }
}
