/**
 * Checks of a generator's training before anything of it is written: a folder keeps the configuration that it began with, and a
 * later stage would refuse a wrong one only after hours of an earlier.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { latentFactor } from "../networks/autoencoder.ts";
import { parseImageEncoder, parseUnet } from "../network_config.ts";
import { PublishedFolder } from "../published_folder.ts";
import { knowsEmbeddings, LABEL_LAYER } from "./class_embedding.ts";
import type { GeneratorConfiguration } from "./generator_configuration.ts";
import { trainedImageSize } from "./published_parts.ts";
import type { StageName } from "./stage_event.ts";
import type { TrainGeneratorOptions } from "./train_generator.ts";
import { headsOf } from "./train_unet.ts";

/** What is wrong with numbers of a configuration, of which each must be divisible by another of its numbers. */
function undivided(
  [name, values]: readonly [name: string, values: readonly number[]],
  [divisorName, divisor]: readonly [name: string, value: number],
): string[] {
  const wrong = values.filter((value) => value % divisor !== 0);
  return wrong.length === 0
    ? []
    : [`${name} must be divisible by the ${divisor} of ${divisorName}, found ${wrong.join(", ")}`];
}

/** What is wrong with the sizes of a generator that is trained from scratch. */
function sizeFindings(
  { imageSize, autoencoder, unet, textEncoder }: GeneratorConfiguration,
): string[] {
  const found: string[] = [];
  const { channels } = autoencoder;
  const factor = latentFactor(autoencoder);
  if (imageSize % factor !== 0) {
    found.push(
      `imageSize must be divisible by ${factor}, the factor of the ${channels.length} levels of autoencoder.channels, ` +
        `found ${imageSize}`,
    );
  }
  found.push(
    ...undivided(["autoencoder.channels", channels], ["autoencoder.groups", autoencoder.groups]),
    ...undivided(["unet.channels", unet.channels], ["unet.groups", unet.groups]),
  );
  const [first] = unet.channels;
  if (first! % 2 !== 0) {
    found.push(`unet.channels must begin with an even number, found ${first}`);
  }
  const last = unet.channels.length - 1;
  const none = unet.attentionLevels.filter((level) => level > last);
  if (none.length > 0) {
    found.push(
      `unet.attentionLevels must be at most ${last}, the last of unet.channels counted from 0, found ${
        none.join(", ")
      }`,
    );
  }
  const uneven = unet.channels.find((width, level) =>
    (level === last || unet.attentionLevels.includes(level)) &&
    width % headsOf(width, unet.headWidth) !== 0
  );
  if (uneven !== undefined) {
    found.push(
      "unet.headWidth must give a number of heads that divides the channels of levels with attention, found " +
        `${headsOf(uneven, unet.headWidth)} heads of ${uneven} channels`,
    );
  }
  const { width, heads, tokens } = textEncoder;
  found.push(...undivided(["textEncoder.width", [width]], ["textEncoder.heads", heads]));
  if (tokens < 2) {
    found.push(
      `textEncoder.tokens must be at least 2, the start and the end of a text, found ${tokens}`,
    );
  }
  return found;
}

/** What is wrong with how a network is trained on so many images of a pass. */
function stageFindings(
  stage: StageName,
  { [stage]: { batchSize, steps, warmupSteps } }: GeneratorConfiguration,
  images: number,
): string[] {
  const found: string[] = [];
  if (warmupSteps > steps) {
    found.push(
      `${stage}.warmupSteps must be at most the ${steps} of ${stage}.steps, found ${warmupSteps}`,
    );
  }
  if (batchSize > images) {
    found.push(
      `${stage}.batchSize must be at most the ${images} images of a pass, found ${batchSize}`,
    );
  }
  return found;
}

/** What is wrong with targets that are means over draws. */
function targetFindings({ draws, unet }: GeneratorConfiguration): string[] {
  if (unet.stableTargets !== true || draws > 1) return [];
  return ["unet.stableTargets must have draws of at least 2, whose mean they are, found 1"];
}

/** What is wrong with the embedding of an image encoder that is exported. */
function projectionFindings(
  { projection }: GeneratorConfiguration,
  images: number,
): string[] {
  if (projection === undefined) return [];
  const { embedding } = projection;
  if (Number.isInteger(Math.log2(embedding)) && embedding < images) return [];
  return [
    `projection.embedding must be a power of two below the number of images, ${images}, found ${embedding}`,
  ];
}

/** What does not go with the generator that is fine-tuned. */
async function originFindings(
  { imageSize, projection }: GeneratorConfiguration,
  folder: PublishedFolder,
  [imageEncoder, embedding]: readonly [folder: string, embedding: number],
  isFrozen: (parameter: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  const trained = await trainedImageSize(folder);
  if (imageSize !== trained) {
    found.push(
      `imageSize must be ${trained}, at which its UNet was trained, found ${imageSize}`,
    );
  }
  const known = parseUnet(await folder.config("unet")).classWidth / 2;
  if (embedding !== known) {
    found.push(
      `the image encoder of ${imageEncoder} must have embeddings of ${known}, which the generator's UNet takes, found ` +
        `${embedding}${
          projection === undefined ? "" : "; give projection.embedding (--embedding)"
        }`,
    );
  }
  if (!knowsEmbeddings(folder.path, imageEncoder) && isFrozen(`${LABEL_LAYER}.weight`)) {
    found.push(
      `frozen must leave out unet.${LABEL_LAYER}, by which the UNet learns what the embeddings of ${imageEncoder} mean`,
    );
  }
  return found;
}

/** What of a training its checks look at. */
export type CheckedTraining = Pick<
  TrainGeneratorOptions,
  "configuration" | "dataset" | "imageEncoder" | "from" | "freezeAutoencoder" | "isFrozen"
>;

/**
 * Checks what follows from a configuration and the number of images. What fine-tuning takes from the generator that it
 * starts from is not looked at in the configuration, nor is the training of what stays as it is.
 *
 * @throws {RangeError} if a generator cannot be trained so, with all findings by their names in the configuration
 * @throws {Deno.errors.NotFound} if there is no image encoder in its folder
 * @throws {TypeError} if its configuration, or one of the generator that is fine-tuned, asks for what is not supported
 */
export async function checkTraining(
  options: CheckedTraining,
): Promise<void> {
  const { configuration, dataset, imageEncoder, from, freezeAutoencoder = true } = options;
  const { isFrozen = () => false } = options;
  const { draws, projection } = configuration;
  const images = dataset.length;
  // One that is exported from a run has no configuration yet.
  const embedding = projection?.embedding ??
    parseImageEncoder(await new PublishedFolder(imageEncoder).config("image_encoder")).embedding;
  const isAutoencoderTrained = from === undefined || !freezeAutoencoder;
  const findings = [
    ...(from === undefined ? sizeFindings(configuration) : await originFindings(
      configuration,
      new PublishedFolder(from),
      [imageEncoder, embedding],
      isFrozen,
    )),
    ...(isAutoencoderTrained ? stageFindings("autoencoder", configuration, images) : []),
    ...stageFindings("unet", configuration, draws * images),
    ...targetFindings(configuration),
    ...projectionFindings(configuration, images),
  ];
  if (findings.length === 0) return;
  throw new GenviewRangeError(
    `Cannot ${from === undefined ? "train a generator" : `fine-tune ${from}`}: ${
      findings.join("; ")
    }`,
  );
}
