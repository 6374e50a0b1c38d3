/**
 * The configuration of a training run: one flat record, whose schema gives the command line its options, configuration
 * files and presets their checks, and every value its type, its default, its explanation, the heading under which
 * `--help` lists it, and what a change of it does to a run that is resumed.
 *
 * @module
 */
import type { ViewRecipe } from "../data/views/recipe.ts";
import type { Typed, ValuesOf } from "../schema/schema.ts";
import { validate } from "../schema/validate.ts";

/** JSON Schema of a {@linkcode Configuration}, with the defaults of a first run. */
export const configurationSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    data: {
      type: "string",
      default: "emoji-google",
      group: "Data",
      affects: "result",
      description:
        "images to train on: emoji-google, emoji-twitter (with -pairs: each with a variation on another background), a folder of images, or a list file",
    },
    evaluationData: {
      type: "string",
      default: "",
      group: "Data",
      affects: "nothing",
      description: "labelled images to evaluate on; none when empty",
    },
    strict: {
      type: "boolean",
      default: false,
      group: "Data",
      affects: "nothing",
      description: "stop at the first image that cannot be read, instead of skipping it",
    },
    backbone: {
      type: "string",
      default: "resnet18",
      group: "Backbone",
      affects: "result",
      description: "network to train",
    },
    stem: {
      type: "string",
      enum: ["imagenet", "small"],
      default: "imagenet",
      group: "Backbone",
      affects: "result",
      description:
        "first layers of a ResNet: 7x7 stride 2 with max-pool, or 3x3 for images up to 64 px",
    },
    zeroInitResidual: {
      type: "boolean",
      default: false,
      group: "Backbone",
      affects: "result",
      description: "initialise the last batch norm of every residual branch of a ResNet to zero",
    },
    imageSize: {
      type: "integer",
      minimum: 1,
      default: 224,
      group: "Views",
      affects: "result",
      description: "height and width of a view in pixels",
    },
    views: {
      type: ["string", "array"],
      default: "simsiam",
      group: "Views",
      affects: "result",
      description: "published view recipes by name, or a list of recipes",
    } as Typed<string | readonly ViewRecipe[]>,
    epochs: {
      type: "integer",
      minimum: 1,
      default: 200,
      group: "Optimisation",
      affects: "length",
      description: "passes over the data",
    },
    batchSize: {
      type: "integer",
      minimum: 1,
      default: 256,
      group: "Optimisation",
      affects: "result",
      description: "samples in a step",
    },
    optimizer: {
      type: "string",
      enum: ["sgd", "lars", "adamw"],
      default: "sgd",
      group: "Optimisation",
      affects: "result",
      description: "optimizer",
    },
    learningRate: {
      type: "number",
      exclusiveMinimum: 0,
      default: 0.05,
      group: "Optimisation",
      affects: "remedy",
      description: "base learning rate, at the base batch size",
    },
    baseBatchSize: {
      type: "integer",
      minimum: 0,
      default: 256,
      group: "Optimisation",
      affects: "result",
      description:
        "batch size that the learning rate is stated for; it scales linearly with the batch size (0: it does not)",
    },
    momentum: {
      type: "number",
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.9,
      group: "Optimisation",
      affects: "result",
      description: "momentum of SGD and LARS",
    },
    nesterov: {
      type: "boolean",
      default: false,
      group: "Optimisation",
      affects: "result",
      description: "Nesterov momentum in SGD",
    },
    weightDecay: {
      type: "number",
      minimum: 0,
      default: 1e-4,
      group: "Optimisation",
      affects: "result",
      description: "weight decay",
    },
    clipGradientNorm: {
      type: "number",
      minimum: 0,
      default: 0,
      group: "Optimisation",
      affects: "remedy",
      description: "norm to which the whole gradient is clipped (0: no clipping)",
    },
    schedule: {
      type: "string",
      enum: ["cosine", "constant", "step"],
      default: "cosine",
      group: "Optimisation",
      affects: "result",
      description: "learning-rate schedule after the warm-up",
    },
    schedulePer: {
      type: "string",
      enum: ["epoch", "iteration"],
      default: "epoch",
      group: "Optimisation",
      affects: "result",
      description: "how often the learning rate changes",
    },
    warmupEpochs: {
      type: "number",
      minimum: 0,
      default: 0,
      group: "Optimisation",
      affects: "remedy",
      description: "epochs of linear warm-up",
    },
    minimumLearningRate: {
      type: "number",
      minimum: 0,
      default: 0,
      group: "Optimisation",
      affects: "remedy",
      description: "learning rate at the end of the cosine schedule",
    },
    milestones: {
      type: "array",
      items: { type: "integer", minimum: 1 },
      default: [],
      group: "Optimisation",
      affects: "remedy",
      description: "epochs at which the step schedule divides the learning rate by 10",
    },
    parameterRules: {
      type: "array",
      default: [],
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
      group: "Optimisation",
      affects: "result",
      description:
        "weight decay and learning rate of parameters chosen by name, as an exception to those of all others",
    },
    options: {
      type: "object",
      default: {},
      group: "Method",
      affects: "result",
      description: "options of the method",
    },
    scheduled: {
      type: "object",
      default: {},
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        required: ["from"],
        properties: { from: { type: "number" }, to: { type: "number" } },
      },
      group: "Method",
      affects: "result",
      description: "scheduled scalars of the method, each by cosine from one value to another",
    },
    variations: {
      type: "string",
      default: "",
      group: "Generated views",
      affects: "result",
      description:
        "variations of the images: a folder with the same tree, a list of paths (train_variations.txt), or an index of variations-import (.jsonl); none when empty",
    },
    variationKey: {
      type: "string",
      enum: ["path", "class-name"],
      default: "path",
      group: "Generated views",
      affects: "result",
      description:
        "how an image's variations are found: by its relative path, or by class folder and file name",
    },
    missingVariation: {
      type: "string",
      enum: ["original", "skip", "error"],
      default: "original",
      group: "Generated views",
      affects: "result",
      description:
        "images without a variation: crop all views from the image itself, skip it, or stop with an error",
    },
    variationProbability: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 1,
      group: "Generated views",
      affects: "result",
      description:
        "probability that one view of an image that has variations is cropped from one of them",
    },
    variationViews: {
      type: "array",
      items: { type: "integer", minimum: 0 },
      default: [],
      group: "Generated views",
      affects: "result",
      description:
        "views, counted from 0, of which one is cropped from a variation; any when empty",
    },
    qualityEncoder: {
      type: "string",
      default: "",
      group: "Quality-driven weights",
      affects: "result",
      description:
        "weight each pair by how similar its foregrounds and how dissimilar its backgrounds are to this frozen network: convnext_base_w, vit-h-14, another CLIP model, a file of weights or a run; equal weights when empty",
    },
    qualityVectors: {
      type: "string",
      default: "pca_results",
      group: "Quality-driven weights",
      affects: "result",
      description:
        "principal component of that network's tokens: an .npy file, or the output folder of extract-features",
    },
    qualityImageSize: {
      type: "integer",
      minimum: 0,
      default: 0,
      group: "Quality-driven weights",
      affects: "result",
      description:
        "height and width to which views are resized for a backbone of a run or a file (0: as it was trained)",
    },
    qualitySharpness: {
      type: "number",
      minimum: 0,
      default: 1,
      group: "Quality-driven weights",
      affects: "result",
      description: "how much the weights of pairs differ (0: not at all)",
    },
    vis: {
      type: "integer",
      minimum: 0,
      default: 0,
      group: "Quality-driven weights",
      affects: "nothing",
      description:
        "pairs of the first batch of each epoch that are drawn in pairs/, half of most and half of least weight, with their maps and similarities",
    },
    seed: {
      type: "integer",
      minimum: 0,
      maximum: 9007199254740991,
      default: 0,
      group: "Run",
      affects: "result",
      description: "seed of all randomness",
    },
    evaluateEvery: {
      type: "integer",
      minimum: 0,
      default: 1,
      group: "Run",
      affects: "nothing",
      description: "epochs between evaluations by nearest neighbours (0: never)",
    },
    checkpointEvery: {
      type: "integer",
      minimum: 1,
      default: 1,
      group: "Run",
      affects: "nothing",
      description: "epochs between checkpoints",
    },
    checkpointMinutes: {
      type: "number",
      minimum: 0,
      default: 30,
      group: "Run",
      affects: "nothing",
      description: "minutes between checkpoints within an epoch (0: only after epochs)",
    },
    keepCheckpoints: {
      type: "integer",
      minimum: 1,
      default: 2,
      group: "Run",
      affects: "nothing",
      description: "checkpoints to keep",
    },
    device: {
      type: "string",
      default: "auto",
      group: "Run",
      affects: "nothing",
      description: "where to compute: auto, cpu, cuda, cuda:N or webgpu",
    },
    threads: {
      type: "integer",
      minimum: 0,
      maximum: 1024,
      default: 0,
      group: "Run",
      affects: "nothing",
      description: "threads of ONNX Runtime on the CPU (0: one for each core)",
    },
    loaders: {
      type: "integer",
      minimum: 1,
      maximum: 256,
      default: 2,
      group: "Run",
      affects: "nothing",
      description: "images decoded in parallel",
    },
    autotune: {
      type: "boolean",
      default: false,
      group: "Run",
      affects: "nothing",
      description:
        "time the formulations of each convolution first, and use the fastest; a resumed run keeps its own",
    },
  },
} as const;

/** All that determines a training run. */
export type Configuration = ValuesOf<typeof configurationSchema>;

/** A scalar of a method that changes over the run, by cosine from `from` to `to`, or stays. */
export type ScalarSchedule = Configuration["scheduled"][string];

/** The configuration with nothing but defaults. */
export const DEFAULT_CONFIGURATION: Configuration = validate<Configuration>(
  configurationSchema,
  {},
  "make a configuration",
  "configuration",
);
