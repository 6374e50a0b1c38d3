/**
 * The configuration of a training run: one flat record, whose schema gives the command line its options, configuration
 * files and presets their checks, and every value its default and its explanation.
 *
 * @module
 */
import type { MissingVariation, VariationKey } from "../data/variations.ts";
import type { ViewRecipe } from "../data/views/recipe.ts";
import type { ParameterRule } from "../engine/optim/mod.ts";
import type { ObjectSchema } from "../schema/schema.ts";

/** A scalar of a method that changes over the run, by cosine from `from` to `to`, or stays. */
export interface ScalarSchedule {
  readonly from: number;
  readonly to?: number;
}

/** All that determines a training run. */
export interface Configuration {
  readonly backbone: string;
  readonly stem: "imagenet" | "small";
  readonly zeroInitResidual: boolean;
  readonly data: string;
  readonly evaluationData: string;
  readonly variations: string;
  readonly variationKey: VariationKey;
  readonly missingVariation: MissingVariation;
  readonly variationProbability: number;
  readonly variationViews: readonly number[];
  readonly qualityEncoder: string;
  readonly qualityVectors: string;
  readonly qualityImageSize: number;
  readonly qualitySharpness: number;
  readonly vis: number;
  readonly imageSize: number;
  readonly views: string | readonly ViewRecipe[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: "sgd" | "lars" | "adamw";
  readonly learningRate: number;
  readonly baseBatchSize: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly clipGradientNorm: number;
  readonly schedule: "cosine" | "constant" | "step";
  readonly schedulePer: "epoch" | "iteration";
  readonly warmupEpochs: number;
  readonly minimumLearningRate: number;
  readonly milestones: readonly number[];
  readonly parameterRules: readonly ParameterRule[];
  readonly scheduled: Readonly<Record<string, ScalarSchedule>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly evaluateEvery: number;
  readonly checkpointEvery: number;
  readonly keepCheckpoints: number;
  readonly device: string;
  readonly threads: number;
  readonly loaders: number;
  readonly strict: boolean;
  readonly autotune: boolean;
}

const positive = { type: "integer", minimum: 1 };

/** JSON Schema of a {@linkcode Configuration}, with the defaults of a first run. */
export const configurationSchema: ObjectSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    backbone: { type: "string", default: "resnet18", description: "network to train" },
    stem: {
      type: "string",
      enum: ["imagenet", "small"],
      default: "imagenet",
      description:
        "first layers of a ResNet: 7x7 stride 2 with max-pool, or 3x3 for images up to 64 px",
    },
    zeroInitResidual: {
      type: "boolean",
      default: false,
      description: "start every residual branch of a ResNet at zero",
    },
    data: {
      type: "string",
      default: "emoji-google",
      description:
        "what to train on: emoji-google, emoji-twitter (with -pairs: each with a variation on another background), a folder of images, or a list file",
    },
    evaluationData: {
      type: "string",
      default: "",
      description: "labelled images to evaluate on; none when empty",
    },
    variations: {
      type: "string",
      default: "",
      description:
        "variations of the images: a folder that mirrors theirs, a list of paths (train_variations.txt), or an index " +
        "of variations-import (.jsonl); none when empty",
    },
    variationKey: {
      type: "string",
      enum: ["path", "class-name"],
      default: "path",
      description:
        "how an image's variations are found: by its path in the mirrored tree, or by class folder and name",
    },
    missingVariation: {
      type: "string",
      enum: ["original", "skip", "error"],
      default: "original",
      description:
        "what becomes of images without a variation: all views are cut from the image, it is left out, or the run stops",
    },
    variationProbability: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 1,
      description:
        "probability that one view of an image that has variations is cut from one of them",
    },
    variationViews: {
      type: "array",
      items: { type: "integer", minimum: 0 },
      default: [],
      description: "views, counted from 0, of which one is cut from a variation; any when empty",
    },
    qualityEncoder: {
      type: "string",
      default: "",
      description:
        "weigh pairs by how alike their foregrounds and how unlike their backgrounds are to this frozen network: " +
        "convnext_base_w, vit-h-14, another CLIP model, a file of weights or a run; all pairs count alike when empty",
    },
    qualityVectors: {
      type: "string",
      default: "pca_results",
      description:
        "principal component of that network's tokens: an .npy file, or the output folder of extract-features",
    },
    qualityImageSize: {
      type: "integer",
      minimum: 0,
      default: 0,
      description:
        "height and width at which a backbone of ours sees the views when it judges them (0: as it was trained)",
    },
    qualitySharpness: {
      type: "number",
      minimum: 0,
      default: 1,
      description: "how much the weights of pairs differ (0: not at all)",
    },
    vis: {
      type: "integer",
      minimum: 0,
      default: 0,
      description:
        "pairs of the first batch of each epoch that are drawn, with their maps, similarities and weights, in pairs/",
    },
    imageSize: { ...positive, default: 224, description: "height and width of a view in pixels" },
    views: {
      type: ["string", "array"],
      default: "simsiam",
      description: "published view recipes by name, or a list of recipes",
    },
    epochs: { ...positive, default: 200, description: "passes over the data" },
    batchSize: { ...positive, default: 256, description: "samples in a step" },
    optimizer: {
      type: "string",
      enum: ["sgd", "lars", "adamw"],
      default: "sgd",
      description: "rule of the update",
    },
    learningRate: {
      type: "number",
      exclusiveMinimum: 0,
      default: 0.05,
      description: "base learning rate, at the base batch size",
    },
    baseBatchSize: {
      type: "integer",
      minimum: 0,
      default: 256,
      description:
        "batch size that the learning rate is stated for; it scales with the batch size (0: it does not)",
    },
    momentum: {
      type: "number",
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.9,
      description: "momentum of SGD and LARS",
    },
    nesterov: { type: "boolean", default: false, description: "Nesterov's momentum in SGD" },
    weightDecay: { type: "number", minimum: 0, default: 1e-4, description: "weight decay" },
    clipGradientNorm: {
      type: "number",
      minimum: 0,
      default: 0,
      description: "largest norm of the whole gradient (0: any)",
    },
    schedule: {
      type: "string",
      enum: ["cosine", "constant", "step"],
      default: "cosine",
      description: "course of the learning rate after the warm-up",
    },
    schedulePer: {
      type: "string",
      enum: ["epoch", "iteration"],
      default: "epoch",
      description: "how often the learning rate changes",
    },
    warmupEpochs: {
      type: "number",
      minimum: 0,
      default: 0,
      description: "epochs of linear warm-up",
    },
    minimumLearningRate: {
      type: "number",
      minimum: 0,
      default: 0,
      description: "learning rate at the end of the cosine",
    },
    milestones: {
      type: "array",
      items: { type: "integer", minimum: 1 },
      default: [],
      description: "epochs at which the step schedule divides the learning rate by 10",
    },
    parameterRules: {
      type: "array",
      default: [],
      description: "exceptions for parameters by name",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["pattern"],
        properties: {
          pattern: { type: "string", minLength: 1 },
          weightDecayScale: { type: "number", minimum: 0 },
          learningRateScale: { type: "number", minimum: 0 },
          fixedLearningRate: { type: "boolean" },
          excludeFromLars: { type: "boolean" },
        },
      },
    },
    scheduled: {
      type: "object",
      default: {},
      description: "scalars of the method that change over the run",
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        required: ["from"],
        properties: { from: { type: "number" }, to: { type: "number" } },
      },
    },
    options: { type: "object", default: {}, description: "options of the method" },
    seed: {
      type: "integer",
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 0,
      description: "seed of all randomness",
    },
    evaluateEvery: {
      type: "integer",
      minimum: 0,
      default: 1,
      description: "epochs from one evaluation by nearest neighbours to the next (0: never)",
    },
    checkpointEvery: {
      ...positive,
      default: 1,
      description: "epochs from checkpoint to checkpoint",
    },
    keepCheckpoints: { ...positive, default: 2, description: "checkpoints to keep" },
    device: {
      type: "string",
      default: "auto",
      description: "where to compute: auto, cpu, cuda, cuda:N or webgpu",
    },
    threads: {
      type: "integer",
      minimum: 0,
      default: 0,
      description: "threads of ONNX Runtime on the CPU (0: one for each core)",
    },
    loaders: { ...positive, default: 2, description: "images that are decoded side by side" },
    strict: {
      type: "boolean",
      default: false,
      description: "stop at the first image that cannot be read, instead of skipping it",
    },
    autotune: {
      type: "boolean",
      default: false,
      description:
        "time the formulations of each convolution first, and use the fastest; a resumed run keeps its own",
    },
  },
};

/** The configuration with nothing but defaults. */
export const DEFAULT_CONFIGURATION: Configuration = Object.fromEntries(
  Object.entries(configurationSchema.properties).map(([name, schema]) => [name, schema.default]),
) as unknown as Configuration;
