/**
 * The parts of a Stable unCLIP pipeline, loaded from a folder.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { ClipEncoder } from "../encoders/clip_encoder.ts";
import { clipVisionTransformerTower } from "../backbones/clip_vision_transformer.ts";
import { CLIP_NORMALIZATION } from "../data/views/presets.ts";
import type { Shape } from "../engine/graph/shape.ts";
import type { Scope } from "../engine/nn/scope.ts";
import type { Session } from "../engine/ort/mod.ts";
import { EmbeddingNoise, type EmbeddingStatistics } from "./embedding_noise.ts";
import {
  parseAutoencoder,
  parseImageEncoder,
  parseTextEncoder,
  parseUnet,
} from "./network_config.ts";
import { copiesOf, loadCopies } from "./network_copies.ts";
import { latentFactor } from "./networks/autoencoder.ts";
import { decodingGraph, denoisingGraph, textGraph } from "./network_graphs.ts";
import { createNetworkSession, type NetworkOptions } from "./network_session.ts";
import { STORED_DECODER, STORED_TEXT_ENCODER, STORED_UNET } from "./network_weights.ts";
import type { PublishedFolder } from "./published_folder.ts";
import { parseNoiseSchedule, parseScheduler } from "./scheduler_config.ts";
import { planSteps, type SchedulerName, type SchedulerStep } from "./schedulers/mod.ts";
import { ClipTokenizer } from "./tokenizer.ts";

/** How variations are generated. */
export interface UnclipOptions extends NetworkOptions {
  /** Images that are denoised together. */
  readonly batchSize: number;
  /** Steps of the scheduler (default 20). */
  readonly steps?: number;
  /**
   * Classifier-free guidance scale of images that are asked for without one (default 10). 1 is no guidance, which takes
   * half the time and can give no image another scale.
   */
  readonly guidanceScale?: number;
  /** The scheduler (default the one that the folder names). */
  readonly scheduler?: SchedulerName;
  /** Height and width of the images, in pixels (default those that the UNet was trained on). */
  readonly size?: readonly [height: number, width: number];
}

/** The parts of a pipeline. */
export interface PipelineParts {
  readonly imageEncoder: ClipEncoder;
  readonly imageSize: number;
  readonly embeddingNoise: EmbeddingNoise;
  readonly tokenizer: ClipTokenizer;
  readonly textEncoder: Session;
  /** Copies of the UNet that are at work at the same time, each on a part of a batch. */
  readonly unets: readonly Session[];
  /** Decoders that are at work at the same time, each on some images. */
  readonly decoders: readonly Session[];
  /** Loads the decoder again to compute in float32; undefined where it does so already. */
  readonly loadWideDecoder?: () => Promise<Session>;
  readonly plan: readonly SchedulerStep[];
  readonly guidanceScale: number;
  readonly batchSize: number;
  /** Shape of the latents of one image. */
  readonly latentShape: Shape;
}

/** Loads the image encoder of a folder; its images have `imageSize` pixels on a side. */
export async function loadImageEncoder(
  folder: PublishedFolder,
  options: NetworkOptions & { readonly batchSize: number },
): Promise<{ readonly imageEncoder: ClipEncoder; readonly imageSize: number }> {
  const { imageSize, ...config } = parseImageEncoder(await folder.config("image_encoder"));
  const preprocessor = await folder.config("feature_extractor", "preprocessor_config.json");
  const normalize = {
    mean: preprocessor.channels("image_mean", CLIP_NORMALIZATION.mean),
    std: preprocessor.channels("image_std", CLIP_NORMALIZATION.std),
  };
  const { batchSize, device, threads, precision = "float32" } = options;
  const imageEncoder = await ClipEncoder.create(await folder.weights("image_encoder", precision), {
    model: { ...clipVisionTransformerTower(config), inputSize: imageSize, normalize },
    batchSize,
    precision,
    ...(device && { device }),
    threads,
  });
  return { imageEncoder, imageSize };
}

/** The statistics of embeddings of a folder. */
export async function readStatistics(folder: PublishedFolder): Promise<EmbeddingStatistics> {
  using file = await folder.open("image_normalizer", "float32");
  const [mean, std] = await Promise.all(
    ["mean", "std"].map(async (name) => {
      const { data } = await file.read(name);
      return Float32Array.from(data as Float32Array);
    }),
  );
  return { mean: mean!, std: std! };
}

async function loadEmbeddingNoise(folder: PublishedFolder): Promise<EmbeddingNoise> {
  const config = await folder.config("image_noising_scheduler", "scheduler_config.json");
  return new EmbeddingNoise(await readStatistics(folder), parseNoiseSchedule(config));
}

/** Pixels of the images that are decoded together: where they are small, one alone leaves little to compute by each node. */
const DECODED_PIXELS = 1 << 16;

/** How many images of a part are decoded together. The widest maps of large ones are large, and each is decoded alone. */
function decodedTogether(rows: number, [height, width]: readonly [number, number]): number {
  return Math.max(1, Math.min(rows, Math.floor(DECODED_PIXELS / (height * width))));
}

/** Height and width of the latents of images of a size. */
function latentSize(
  [height, width]: readonly [number, number],
  factor: number,
): [number, number] {
  if (height % factor === 0 && width % factor === 0 && height > 0 && width > 0) {
    return [height / factor, width / factor];
  }
  throw new GenviewRangeError(
    `Cannot generate images of ${height}x${width} pixels: both must be multiples of ${factor}`,
  );
}

/**
 * Loads all parts of a pipeline.
 *
 * @param owned takes the sessions that must be released
 * @throws {TypeError} if a configuration asks for what is not supported, or weights do not fit it
 * @throws {RangeError} if an option is out of range
 */
export async function loadPipelineParts(
  folder: PublishedFolder,
  options: UnclipOptions,
  owned: DisposableStack,
): Promise<PipelineParts> {
  const { batchSize, steps = 20, guidanceScale = 10, precision = "float32" } = options;
  const unetConfig = parseUnet(await folder.config("unet"));
  const textConfig = parseTextEncoder(await folder.config("text_encoder"));
  const vaeConfig = parseAutoencoder(await folder.config("vae"));
  const schedulerFile = await folder.config("scheduler", "scheduler_config.json");
  const { name, config } = parseScheduler(schedulerFile, options.scheduler);
  const factor = latentFactor(vaeConfig);
  const trained = factor * unetConfig.sampleSize;
  const pixels = options.size ?? [trained, trained];
  const size = latentSize(pixels, factor);
  const shape = { batchSize, size, tokens: textConfig.tokens };

  const { imageEncoder, imageSize } = await loadImageEncoder(folder, options);
  owned.use(imageEncoder);
  using textFile = await folder.open("text_encoder", precision);
  const textEncoder = owned.use(
    await createNetworkSession(
      textFile,
      STORED_TEXT_ENCODER,
      (scope) => textGraph(scope, textConfig, 1),
      options,
    ),
  );
  using unetFile = await folder.open("unet", precision);
  const { size: bytes } = await Deno.stat(unetFile.path);
  const copies = copiesOf({ ...options, bytes });
  const part = { ...shape, batchSize: batchSize / copies.count };
  const unets = await loadCopies(copies, async (threads) => {
    const build = (scope: Scope) => denoisingGraph(scope, unetConfig, part, guidanceScale > 1);
    const placed = { ...options, threads };
    return owned.use(await createNetworkSession(unetFile, STORED_UNET, build, placed));
  });
  const loadDecoder = async (wanted: "float32" | "float16", threads = copies.threads) => {
    using file = await folder.open("vae", wanted);
    return await createNetworkSession(
      file,
      STORED_DECODER,
      (scope) => decodingGraph(scope, vaeConfig, decodedTogether(part.batchSize, pixels), size),
      { ...options, threads, precision: wanted },
    );
  };
  const decoders = await loadCopies(
    copies,
    async (threads) => owned.use(await loadDecoder(precision, threads)),
  );
  return {
    imageEncoder,
    imageSize,
    embeddingNoise: await loadEmbeddingNoise(folder),
    tokenizer: await ClipTokenizer.read(folder.folder("tokenizer"), textConfig.tokens),
    textEncoder,
    unets,
    decoders,
    ...(precision === "float16" && { loadWideDecoder: () => loadDecoder("float32") }),
    plan: planSteps(name, config, steps),
    guidanceScale,
    batchSize,
    latentShape: [unetConfig.latentChannels, ...size],
  };
}
