import type { Typed } from "../../schema/schema.ts";

/** Options of generated views and of the quality-driven weights of pairs, in JSON Schema. */
export const pairOptions = {
  variations: {
    type: "string",
    default: "",
    group: "Generated views",
    affects: "result",
    description:
      "variations of the images: a folder with the same tree or tars of it, tar shards, a list of paths (train_variations.txt), or an index of variations-import (.jsonl); none when empty",
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
      "probability that a view that is chosen for it is cropped from a variation, of images that have some",
  },
  variationViews: {
    type: ["string", "array"],
    pattern: "^global$",
    items: { type: "integer", minimum: 0 },
    default: [],
    group: "Generated views",
    affects: "result",
    description:
      "views, counted from 0, of which some are chosen to be cropped from variations, or global for those of the largest size; any when empty",
  } as Typed<"global" | readonly number[]>,
  variationsPerImage: {
    type: "integer",
    minimum: 1,
    default: 1,
    group: "Generated views",
    affects: "result",
    description:
      "views of an image that are chosen to be cropped from variations, each from another one; fewer where it has fewer",
  },
  variationLocals: {
    type: "string",
    enum: ["image", "variation"],
    default: "image",
    group: "Generated views",
    affects: "result",
    description:
      "what the views that are smaller than the global ones are cropped from: the image, or the variation that a global view is cropped from",
  },
  qualityEncoder: {
    type: "string",
    default: "",
    group: "Quality-driven weights",
    affects: "result",
    description:
      "weight each pair by how similar its foregrounds and how dissimilar its backgrounds are to this frozen network: convnext_base_w, vit-h-14, another CLIP model, a file of weights or a run; equal weights when empty",
  },
  qualityComponent: {
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
    description:
      "how much the weights of pairs differ, γ in exp(γ (s_f - s_b)): 0 not at all, 1 as in GenView, 2 as in GenView++",
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
} as const;
