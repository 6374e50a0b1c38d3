import { viewRecipeSchema } from "../../data/views/check_recipe.ts";
import { viewPresetSchema, type Views } from "../../data/views/view_preset.ts";
import type { Typed } from "../../schema/schema.ts";

/** Options of the images, the backbone that is trained on them, and its views, in JSON Schema. */
export const dataOptions = {
  data: {
    type: "string",
    default: "emoji-google",
    group: "Data",
    affects: "result",
    description:
      "images to train on: emoji-google, emoji-twitter (with -pairs: each with a variation on another background; -pairs-3: with three; with -centred: in the middle of their images), a folder of images, a list file, or shards: tars of WebDataset's or Parquet, one, several as data/train-{000000..000146}.tar or data/train-*.parquet, or a folder of them",
  },
  shuffleBuffer: {
    type: "integer",
    minimum: 0,
    default: 2048,
    group: "Data",
    affects: "result",
    description:
      "of data in shards, which are read forwards: samples that the next one is drawn from; from all when 0",
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
    type: ["string", "array", "object"],
    items: viewRecipeSchema,
    required: viewPresetSchema.required,
    properties: viewPresetSchema.properties,
    additionalProperties: false,
    default: "simsiam",
    group: "Views",
    affects: "result",
    description:
      'view recipes: published ones by name, the same with parameters, such as {"preset": "swav", "locals": 4}, or a list of recipes',
  } as Typed<Views>,
} as const;
