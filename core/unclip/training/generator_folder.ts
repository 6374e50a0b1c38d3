/**
 * The folder of a generator, as diffusers' `StableUnCLIPImg2ImgPipeline` and our own pipeline load it.
 *
 * @module
 */
import { join } from "node:path";
import { float32, type Tensor } from "../../engine/graph/tensor.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { checkFree } from "../../files/check_free.ts";
import { ifThere } from "../../files/if_there.ts";
import { writeNewFileInFolder } from "../../files/new_file.ts";
import { writeNewFolder } from "../../files/new_folder.ts";
import { ConfigFile } from "../../weights/config_file.ts";
import type { EmbeddingStatistics } from "../embedding_noise.ts";
import {
  parseAutoencoder,
  parseImageEncoder,
  parseTextEncoder,
  parseUnet,
} from "../network_config.ts";
import { type AutoencoderConfig, latentFactor } from "../networks/autoencoder.ts";
import type { TextEncoderConfig } from "../networks/text_encoder.ts";
import type { UnetConfig } from "../networks/unet.ts";
import type { NoiseScheduleConfig } from "../noise_schedule.ts";
import { type PublishedNetwork, weightsName } from "../published_folder.ts";
import { type ClipVocabulary, readClipVocabulary } from "../tokenizer_files.ts";
import { BYTE_VOCABULARY, byteTokenizerFiles } from "./byte_tokenizer.ts";
import {
  checkTensors,
  copiedNetwork,
  declareAutoencoder,
  declareTextEncoder,
  declareUnet,
  type OwnNetwork,
  type SettledNetwork,
  type StoredPrecision,
  textIn,
  textOf,
  writeWeights,
} from "./generator_networks.ts";
import {
  type DenoisingSchedule,
  modelIndex,
  publishedAutoencoder,
  publishedEmbeddingNoise,
  publishedNormalizer,
  publishedScheduler,
  publishedTextEncoder,
  publishedUnet,
} from "./published_configuration.ts";

/** The parts of a generator. A part that is named by a path is that of another folder, which must be of the same layout. */
export interface GeneratorParts {
  /** Folder of the image encoder, transformers' `CLIPVisionModelWithProjection`. */
  readonly imageEncoder: string;
  /** Folder of the image encoder's preprocessing, with `preprocessor_config.json`. */
  readonly featureExtractor: string;
  /** The autoencoder, encoder and decoder. */
  readonly autoencoder: string | OwnNetwork<AutoencoderConfig>;
  /** The conditional UNet. */
  readonly unet: string | OwnNetwork<UnetConfig>;
  /** Statistics of the images' embeddings. */
  readonly statistics: string | EmbeddingStatistics;
  /** The text encoder. */
  readonly textEncoder: string | OwnNetwork<TextEncoderConfig>;
  /** The tokenizer; the one of bytes, with ids of this many tokens for a text, where it is no folder. */
  readonly tokenizer: string | { readonly tokens: number };
  /** Diffusion of the noise on the embeddings. */
  readonly embeddingNoise: NoiseScheduleConfig;
  /** Diffusion that the UNet was trained on, and what it predicts. */
  readonly scheduler: DenoisingSchedule;
  /** Type of the weights in the folder, those of other folders too. */
  readonly precision: StoredPrecision;
}

/** Files of a tokenizer's folder that are taken from another. */
const TOKENIZER_FILES = [
  "vocab.json",
  "merges.txt",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
];

type Texts = Readonly<Record<string, string>>;

async function settleTokenizer(
  tokenizer: GeneratorParts["tokenizer"],
): Promise<{ readonly files: Texts; readonly vocabulary: ClipVocabulary }> {
  if (typeof tokenizer !== "string") {
    return { files: byteTokenizerFiles(tokenizer.tokens), vocabulary: BYTE_VOCABULARY };
  }
  const vocabulary = await readClipVocabulary(tokenizer);
  const found = await Promise.all(
    TOKENIZER_FILES.map(async (name) => [name, await ifThere(textIn(tokenizer, name))] as const),
  );
  const files = found.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { files: Object.fromEntries(files), vocabulary };
}

/** The statistics as the network that diffusers makes of them. */
function settleStatistics(statistics: EmbeddingStatistics): SettledNetwork<number> {
  const { mean, std } = statistics;
  const width = mean.length;
  if (std.length !== width || !mean.every(Number.isFinite) || !std.every((each) => each > 0)) {
    throw new GenviewTypeError(
      "Cannot write the statistics of embeddings: there must be as many positive deviations as finite means, found " +
        `${std.length} deviations and ${width} means`,
    );
  }
  const weights = new Map<string, Tensor>([
    ["mean", float32([1, width], mean)],
    ["std", float32([1, width], std)],
  ]);
  return { config: width, text: textOf(publishedNormalizer(width)), weights };
}

/** Height and width of the images that a preprocessing makes; undefined if it does not say. */
function cropSize(preprocessor: ConfigFile): number | undefined {
  const crop = preprocessor.get("crop_size");
  if (typeof crop === "number" || crop === undefined || crop === null) return crop ?? undefined;
  return preprocessor.object("crop_size").integer("height");
}

/** All parts, with their configurations. */
async function settleParts(parts: GeneratorParts) {
  const { precision, autoencoder, unet, textEncoder } = parts;
  const copy = <Config>(
    folder: string,
    network: PublishedNetwork,
    parse: (file: ConfigFile) => Config,
  ) => copiedNetwork(folder, network, precision, parse);
  const imageEncoder = await copy(parts.imageEncoder, "image_encoder", parseImageEncoder);
  const preprocessorPath = join(parts.featureExtractor, "preprocessor_config.json");
  const crop = cropSize(await ConfigFile.read(preprocessorPath));
  const preprocessor = await textIn(parts.featureExtractor, "preprocessor_config.json");
  const normalizer = typeof parts.statistics === "string"
    ? await copy(parts.statistics, "image_normalizer", (file) => file.integer("embedding_dim"))
    : settleStatistics(parts.statistics);
  const { files, vocabulary } = await settleTokenizer(parts.tokenizer);
  const { vocab, special } = vocabulary;
  const settledUnet = typeof unet === "string"
    ? await copy(unet, "unet", parseUnet)
    : settleOwn("UNet", unet, declareUnet, publishedUnet);
  const settledText = typeof textEncoder === "string"
    ? await copy(textEncoder, "text_encoder", parseTextEncoder)
    : settleOwn("text encoder", textEncoder, declareTextEncoder, (config) => {
      const ids = { start: vocab[special.start]!, end: vocab[special.end]! };
      return publishedTextEncoder(config, ids);
    });
  const settledAutoencoder = typeof autoencoder === "string"
    ? await copy(autoencoder, "vae", parseAutoencoder)
    : settleOwn("autoencoder", autoencoder, declareAutoencoder, (config) => {
      const factor = latentFactor(config);
      return publishedAutoencoder(config, factor * settledUnet.config.sampleSize);
    });
  return {
    networks: {
      image_encoder: imageEncoder,
      image_normalizer: normalizer,
      text_encoder: settledText,
      unet: settledUnet,
      vae: settledAutoencoder,
    },
    crop,
    preprocessor,
    tokenizer: { files, largestId: Object.values(vocab).reduce((a, b) => Math.max(a, b), 0) },
  };
}

type SettledParts = Awaited<ReturnType<typeof settleParts>>;

function settleOwn<Config>(
  what: string,
  own: OwnNetwork<Config>,
  declare: Parameters<typeof checkTensors<Config>>[2],
  publish: (config: Config) => Parameters<typeof textOf>[0],
): SettledNetwork<Config> {
  checkTensors(what, own, declare);
  return { config: own.config, text: textOf(publish(own.config)), weights: own.tensors };
}

/** Refuses parts that do not fit together, with all that does not. */
function checkFit(
  { networks, crop, tokenizer }: SettledParts,
  { tokenizer: given }: GeneratorParts,
): void {
  const unet = networks.unet.config;
  const text = networks.text_encoder.config;
  const image = networks.image_encoder.config;
  const embedding = networks.image_normalizer.config;
  const tokens = typeof given === "string" ? text.tokens : given.tokens;
  const pairs: readonly (readonly [what: string, wanted: number, found: number])[] = [
    ["features of the statistics", image.embedding, embedding],
    ["the UNet's class embedding", 2 * image.embedding, unet.classWidth],
    ["the UNet's features of a token", text.width, unet.textWidth],
    ["the UNet's latent channels", networks.vae.config.latentChannels, unet.latentChannels],
    ["the autoencoder's image channels", 3, networks.vae.config.imageChannels],
    ["the preprocessing's images", image.imageSize, crop ?? image.imageSize],
    ["the tokenizer's tokens", text.tokens, tokens],
  ];
  const problems = pairs.filter(([, wanted, found]) => wanted !== found)
    .map(([what, wanted, found]) => `${what} must be ${wanted}, found ${found}`);
  if (tokenizer.largestId >= text.vocabulary) {
    problems.push(
      `the text encoder's vocabulary must be at least ${tokenizer.largestId + 1}, found ` +
        text.vocabulary,
    );
  }
  if (problems.length === 0) return;
  throw new GenviewTypeError(
    `Cannot write a generator: its parts must fit together:` +
      problems.map((problem) => `\n  - ${problem}`).join(""),
  );
}

/**
 * Writes a generator into a new folder in diffusers' layout: `model_index.json`, and a folder for each part with its
 * configuration and its weights as safetensors. All parts are checked before anything is written.
 *
 * Source: diffusers, `pipeline_stable_unclip_img2img.py`, `StableUnCLIPImg2ImgPipeline`.
 *
 * @param path the folder, which appears once it is whole
 * @throws {Deno.errors.AlreadyExists} if there is a file or folder of this name
 * @throws {Deno.errors.NotFound} if a folder of a part lacks its configuration or its weights
 * @throws {TypeError} if a part's tensors are not those of its configuration, or parts do not fit together
 * @throws {RangeError} if a number is too large for float16
 * @throws {GenviewError} if the system refuses, such as on a full disk
 */
export async function writeGeneratorFolder(path: string, parts: GeneratorParts): Promise<void> {
  await checkFree(path, "choose another");
  const settled = await settleParts(parts);
  checkFit(settled, parts);
  const { networks, preprocessor, tokenizer } = settled;
  const texts: Texts = {
    "model_index.json": textOf(modelIndex()),
    "feature_extractor/preprocessor_config.json": preprocessor,
    "image_noising_scheduler/scheduler_config.json": textOf(
      publishedEmbeddingNoise(parts.embeddingNoise),
    ),
    "scheduler/scheduler_config.json": textOf(publishedScheduler(parts.scheduler)),
    ...Object.fromEntries(
      Object.entries(tokenizer.files).map(([name, text]) => [`tokenizer/${name}`, text]),
    ),
    ...Object.fromEntries(
      Object.entries(networks).map(([network, { text }]) => [`${network}/config.json`, text]),
    ),
  };
  await writeNewFolder(path, async (folder) => {
    for (const [name, text] of Object.entries(texts)) {
      await writeNewFileInFolder(join(folder, name), text);
    }
    for (const [network, { weights }] of Object.entries(networks)) {
      const name = weightsName(network as PublishedNetwork);
      await writeWeights(join(folder, network, name), weights, parts.precision);
    }
  });
}
