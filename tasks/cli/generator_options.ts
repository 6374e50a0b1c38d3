/**
 * Options of `deno task generator`.
 *
 * @module
 */
import { GenviewTypeError } from "../../core/errors/mod.ts";
import type { ObjectSchema, Typed } from "../../core/schema/schema.ts";
import { generatorSchema } from "../../core/unclip/training/generator_schema.ts";

/** Whose option one of a part of the configuration is, in words. */
const PARTS = {
  autoencoder: "of the autoencoder: ",
  unet: "of the UNet: ",
  projection: "of a run's backbone as the image encoder: ",
} as const;

/** A number of a configuration, with its default. */
function numberOf(name: string, part?: keyof typeof PARTS): Typed<number> {
  const { properties } = part === undefined
    ? generatorSchema
    : generatorSchema.properties[part] as unknown as ObjectSchema;
  const { type, minimum, default: value, description } = properties[name]!;
  const what = part === undefined ? "" : PARTS[part];
  return {
    group: "Training (train, finetune)",
    ...{ type: type!, minimum, default: value as number },
    description: `${what}${description}`,
  };
}

/** The options of all sub-commands, but those that every task has which generates. */
export const GENERATOR_OPTIONS = {
  data: {
    type: "string",
    default: "emoji-google",
    description: "images: a name of data as train takes it, a folder or a list",
  },
  output: {
    type: "string",
    default: "",
    description:
      "folder of the run (train, finetune; runs/generator when empty) or of an image encoder (encoder; image-encoder), picture (sample; samples.png), JSON file (measure; none) or folder of the page (show; report in the run's)",
  },
  seed: {
    type: "integer",
    minimum: 0,
    default: 0,
    description: "seed of all randomness: of training, or of the noise of variations",
  },
  config: {
    group: "Training (train, finetune)",
    type: "string",
    default: "",
    description:
      "JSON file with any of the options of a configuration, over which the command line wins",
  },
  replicas: {
    group: "Training (train, finetune)",
    type: "integer",
    minimum: 1,
    maximum: 1024,
    default: 1,
    description:
      "replicas of a network that take each step together, each on its share of the batch and of the threads",
  },
  imageEncoder: {
    group: "Training (train, finetune)",
    type: "string",
    default: "embedded",
    description:
      "folder with image_encoder and feature_extractor, a published generator's too, or embedded; or a run of pretraining, or one of its checkpoints, whose backbone is a CLIP-shaped vision transformer; left out in fine-tuning, that of --from",
  },
  embedding: numberOf("embedding", "projection") as Typed<number>,
  emphasis: numberOf("emphasis", "projection") as Typed<number>,
  embeddingDraws: numberOf("draws", "projection") as Typed<number>,
  layoutSteps: {
    group: "Image encoder (encoder)",
    type: "integer",
    minimum: 0,
    default: 0,
    description:
      "steps in which the image encoder first learns to tell what is where in an image, so that a UNet need not learn it by heart (0: none; 8000 is usual)",
  },
  layoutBatchSize: {
    group: "Image encoder (encoder)",
    type: "integer",
    minimum: 1,
    default: 64,
    description: "images of a step in which layouts are learnt",
  },
  layoutLearningRate: {
    group: "Image encoder (encoder)",
    type: "number",
    minimum: 0,
    default: 0.001,
    description:
      "learning rate of layouts, after the warm-up and before it falls along half a cosine",
  },
  layoutData: {
    group: "Image encoder (encoder)",
    type: "string",
    default: "",
    description:
      "images whose layouts it learns: those of --data, in the same order, such as emoji in the middle (default --data itself)",
  },
  from: {
    group: "Training (train, finetune)",
    type: "string",
    default: "",
    description:
      "generator that finetune starts from: a folder, a set that has been pulled, or embedded",
  },
  freeze: {
    group: "Training (train, finetune)",
    type: "array",
    items: { type: "string" },
    default: ["autoencoder"],
    description:
      "parts that finetune leaves as they are: autoencoder, or unet. and what names of parameters begin with, such as unet.down_blocks; give it several times",
  },
  resume: {
    group: "Training (train, finetune)",
    type: "boolean",
    default: false,
    description: "go on with the run in --output, whose other options need not be given again",
  },
  checkpointMinutes: {
    group: "Training (train, finetune)",
    type: "number",
    minimum: 0,
    default: 5,
    description: "minutes between checkpoints (0: after each step)",
  },
  samples: {
    group: "Training (train, finetune)",
    type: "boolean",
    default: true,
    description: "draw and measure samples after epochs",
  },
  imageSize: numberOf("imageSize") as Typed<number>,
  draws: numberOf("draws") as Typed<number>,
  autoencoderSteps: numberOf("steps", "autoencoder") as Typed<number>,
  autoencoderBatchSize: numberOf("batchSize", "autoencoder") as Typed<number>,
  autoencoderLearningRate: numberOf("learningRate", "autoencoder") as Typed<number>,
  unetSteps: numberOf("steps", "unet") as Typed<number>,
  unetBatchSize: numberOf("batchSize", "unet") as Typed<number>,
  unetLearningRate: numberOf("learningRate", "unet") as Typed<number>,
  levels: {
    group: "Generation (sample, measure)",
    type: "array",
    items: { type: "integer", minimum: 0, maximum: 999 },
    minItems: 1,
    default: [0, 100, 200, 300, 400],
    description: "noise levels",
  },
  count: {
    group: "Generation (sample, measure)",
    type: "integer",
    minimum: 0,
    default: 0,
    description: "images, at most, spread over the data (0: 8 of sample, 200 of measure)",
  },
  dataSeed: {
    group: "Generation (sample, measure)",
    type: "integer",
    minimum: 0,
    default: 1000,
    description:
      "names the backgrounds of emoji; another one than training's, so that they are new to the generator",
  },
  cell: {
    group: "Generation (sample, measure)",
    type: "integer",
    minimum: 32,
    default: 160,
    description: "height and width of an image in the picture of sample",
  },
  encoder: {
    group: "Generation (sample, measure)",
    type: "string",
    default: "",
    description:
      "network by which measure compares: a run, a file of weights, or the name of a CLIP model",
  },
  json: {
    group: "Generation (sample, measure)",
    type: "boolean",
    default: false,
    description: "print the measures as JSON",
  },
  overwrite: {
    group: "Generation (sample, measure)",
    type: "boolean",
    default: false,
    description: "replace the picture or the file",
  },
  measures: {
    type: "string",
    default: "",
    description: "file that measure has written, for the page of show",
  },
  precision: {
    group: "Generation (sample, measure)",
    type: "string",
    enum: ["auto", "float32", "float16", "bfloat16"],
    default: "auto",
    description:
      "type that is computed in; auto is that of the configuration in training, and otherwise float16 on CUDA and float32 elsewhere",
  },
} as const;

type Precision = "auto" | "float32" | "float16" | "bfloat16";

/**
 * The precision of a generation.
 *
 * @throws {TypeError} if it is bfloat16, which training alone has
 */
export function generationPrecision(asked: Precision): "auto" | "float32" | "float16" {
  if (asked !== "bfloat16") return asked;
  throw new GenviewTypeError(
    "Cannot generate in bfloat16: --precision must be auto, float32 or float16",
  );
}
