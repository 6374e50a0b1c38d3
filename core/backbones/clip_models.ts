/**
 * CLIP's image towers by open_clip's names of models and weights.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { CLIP_NORMALIZATION } from "../data/views/presets.ts";
import type { Normalization } from "../data/views/recipe.ts";
import { nearestName } from "../schema/nearest_name.ts";
import { clipConvNextTower } from "./clip_convnext.ts";
import type { ClipTower } from "./clip_tower.ts";
import {
  type ClipVisionTowerConfig,
  type ClipVisionTransformerConfig,
  clipVisionTransformerTower,
} from "./clip_vision_transformer.ts";

/** An image tower that is known by name, for one set of weights. */
export interface ClipModel extends ClipTower {
  /** Name of the model, as open_clip has it. */
  readonly name: string;
  /** Name of the weights that it was published with, as open_clip has it. */
  readonly pretrained: string;
  /** Height and width of the images that features are extracted from, in pixels. */
  readonly inputSize: number;
  /** Statistics that the images are normalised with. */
  readonly normalize: Normalization;
  /** What it is, in a line. */
  readonly description: string;
}

/** What sets of weights of one model differ in. */
export interface ClipWeightsKind {
  /** Activation inside the feed-forward parts; ConvNeXts have GELU always. */
  readonly activation: NonNullable<ClipVisionTransformerConfig["activation"]>;
  /** Statistics that the images are normalised with. */
  readonly normalize: Normalization;
}

type Weights = Partial<ClipWeightsKind>;

interface Entry {
  readonly description: string;
  readonly tower: (kind: ClipWeightsKind) => ClipTower;
  /** By name of the weights; the first is the default. */
  readonly pretrained: Readonly<Record<string, Weights>>;
}

/** Statistics of those LAION weights that were trained on images in [-1, 1]. */
const INCEPTION_NORMALIZATION: Normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

const QUICK: Weights = { activation: "quick_gelu" };

function transformer(config: ClipVisionTowerConfig): Entry["tower"] {
  return ({ activation }) => clipVisionTransformerTower({ ...config, activation });
}

/** Source: open_clip 3.3.0, `model_configs/*.json` and `pretrained.py`. */
const ENTRIES: Readonly<Record<string, Entry>> = {
  "ViT-B-16": {
    description: "CLIP ViT-B/16, 196 tokens of 768, 86 M parameters",
    tower: transformer({ patch: 16, width: 768, layers: 12, heads: 12, embedding: 512 }),
    pretrained: {
      laion2b_s34b_b88k: {},
      openai: QUICK,
      laion400m_e31: {},
      laion400m_e32: {},
      datacomp_xl_s13b_b90k: {},
    },
  },
  "ViT-L-14": {
    description: "CLIP ViT-L/14, 256 tokens of 1024, 304 M parameters",
    tower: transformer({ patch: 14, width: 1024, layers: 24, heads: 16, embedding: 768 }),
    pretrained: {
      laion2b_s32b_b82k: { normalize: INCEPTION_NORMALIZATION },
      openai: QUICK,
      laion400m_e31: {},
      laion400m_e32: {},
      datacomp_xl_s13b_b90k: {},
    },
  },
  "ViT-H-14": {
    description: "CLIP ViT-H/14, 256 tokens of 1280, 632 M parameters",
    tower: transformer({ patch: 14, width: 1280, layers: 32, heads: 16, embedding: 1024 }),
    pretrained: { laion2b_s32b_b79k: {} },
  },
  "convnext_base_w": {
    description: "CLIP ConvNeXt-B, 49 tokens of 1024, 88 M parameters",
    tower: () =>
      clipConvNextTower({
        depths: [3, 3, 27, 3],
        widths: [128, 256, 512, 1024],
        embedding: 640,
      }),
    pretrained: {
      laion2b_s13b_b82k_augreg: {},
      laion2b_s13b_b82k: {},
      laion_aesthetic_s13b_b82k: {},
    },
  },
};

/** Names of all models. */
export const clipModelNames: readonly string[] = Object.keys(ENTRIES);

/** Capitals and hyphens make no difference to open_clip, nor here: `laion2B-s32B-b79K` is `laion2b_s32b_b79k`. */
function normalized(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

function find(what: string, name: string, known: readonly string[]): string {
  const found = known.find((candidate) => normalized(candidate) === normalized(name));
  if (found !== undefined) return found;
  throw new GenviewTypeError(
    `Cannot build ${what} "${name}": there is none of this name, the nearest is "${
      nearestName(name, known)
    }" (known are ${known.join(", ")})`,
  );
}

/** Names of the weights that a model was published with, the default first. */
export function clipPretrainedNames(name: string): readonly string[] {
  return Object.keys(ENTRIES[find("CLIP model", name, clipModelNames)]!.pretrained);
}

/** The entry of a model, and the name of a set of its weights in their published spelling. */
function entryOf(name: string, pretrained: string | undefined) {
  const model = find("CLIP model", name, clipModelNames);
  const entry = ENTRIES[model]!;
  const tags = Object.keys(entry.pretrained);
  const tag = pretrained === undefined ? tags[0]! : find(`${model} of weights`, pretrained, tags);
  return { model, entry, tag };
}

/**
 * Activation and statistics of a set of weights.
 *
 * @throws {TypeError} if there is none of this name
 */
export function clipWeightsKind(name: string, pretrained?: string): ClipWeightsKind {
  const { entry, tag } = entryOf(name, pretrained);
  return { activation: "gelu", normalize: CLIP_NORMALIZATION, ...entry.pretrained[tag] };
}

/**
 * The image tower of a name for weights that were not published under a name of open_clip's.
 *
 * @param label what to call the weights
 * @throws {TypeError} if there is no model of this name
 */
export function clipModelOfKind(name: string, label: string, kind: ClipWeightsKind): ClipModel {
  const { model, entry } = entryOf(name, undefined);
  return {
    name: model,
    pretrained: label,
    inputSize: 224,
    normalize: kind.normalize,
    description: entry.description,
    ...entry.tower(kind),
  };
}

/**
 * The image tower of a name.
 *
 * ```ts
 * import { clipModel } from "./clip_models.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { width, embedding } = clipModel("vit-h-14", "laion2B-s32B-b79K");
 * assertEquals([width, embedding], [1280, 1024]);
 * ```
 *
 * @param pretrained name of the weights, on which activation and normalisation depend (default: the model's first)
 * @throws {TypeError} if there is none of this name
 */
export function clipModel(name: string, pretrained?: string): ClipModel {
  const { model, tag } = entryOf(name, pretrained);
  return clipModelOfKind(model, tag, clipWeightsKind(model, tag));
}

/**
 * A model for images of another size, to which the positions of a vision transformer are resampled.
 *
 * @param size height and width of the images, in pixels
 * @throws {RangeError} if patches do not tile them, or the model is no vision transformer and has one size alone
 */
export function resizedClipModel(model: ClipModel, size: number): ClipModel {
  const { transformer, patch, embedding, inputSize } = model;
  if (size === inputSize) return model;
  if (transformer === undefined || size % patch !== 0) {
    throw new GenviewRangeError(
      `Cannot build ${model.name} for images of ${size} pixels: ${
        transformer === undefined
          ? `its images have ${inputSize} pixels in each direction`
          : `patches of ${patch} pixels must tile them`
      }`,
    );
  }
  const side = inputSize / patch;
  const positions = { rows: side, columns: side };
  return {
    ...model,
    inputSize: size,
    ...clipVisionTransformerTower({ ...transformer, embedding, positions }),
  };
}
