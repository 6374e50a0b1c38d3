/**
 * Small vision transformers of CLIP's shape as backbones that can be trained, under the names of open_clip's
 * `VisionTransformer`.
 *
 * @module
 */
import { concat } from "../engine/ops/concat.ts";
import { reduceMean } from "../engine/ops/reduce_mean.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import type { BackboneFamily, BackboneMember } from "./backbone.ts";
import { clipTokens, type ClipVisionTransformerConfig } from "./clip_vision_transformer.ts";

/** Architectures by name. */
const CONFIGS: Readonly<Record<string, ClipVisionTransformerConfig>> = {
  clip_vit_tiny_patch8_64: { patch: 8, width: 128, layers: 4, heads: 4 },
};

/** What ends the names of backbones whose features are the mean token, too. */
const WITH_MEAN = "_mean";

/** Height and width in pixels of the images that they are meant for. */
const SIZE = 64;

/**
 * What a trainable vision transformer of CLIP's shape is made of; undefined if the backbone of the name is none.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(clipVisionConfig("clip_vit_tiny_patch8_64_mean")?.width, 128);
 * assertEquals(clipVisionConfig("resnet18"), undefined);
 * ```
 */
export function clipVisionConfig(name: string): ClipVisionTransformerConfig | undefined {
  const own = name.endsWith(WITH_MEAN) ? name.slice(0, -WITH_MEAN.length) : name;
  return Object.hasOwn(CONFIGS, own) ? CONFIGS[own] : undefined;
}

/** An architecture for images of one size, to whose positions those of other images are resampled. */
function sized(config: ClipVisionTransformerConfig, size: number): ClipVisionTransformerConfig {
  const side = size / config.patch;
  if (Number.isInteger(side)) {
    return { ...config, joined: true, positions: { rows: side, columns: side } };
  }
  throw new GenviewRangeError(
    `Cannot embed positions: patches of ${config.patch} pixels must tile the images of ${size} that they are for`,
  );
}

function member(description: string, config: ClipVisionTransformerConfig): BackboneMember {
  return {
    description,
    build: ({ imageSize = SIZE }) => ({
      inputSize: SIZE,
      width: config.width,
      apply: (scope, images) => clipTokens(scope, images, sized(config, imageSize)).classToken,
      applyTokens: (scope, images) => clipTokens(scope, images, sized(config, imageSize)).tokens,
    }),
  };
}

/** The same network with more of its tokens in its features. */
function memberWithMean(description: string, config: ClipVisionTransformerConfig): BackboneMember {
  const { build } = member(description, config);
  return {
    description,
    build: ({ imageSize = SIZE }) => ({
      ...build({ imageSize }),
      width: 2 * config.width,
      apply(scope, images) {
        const { classToken, tokens } = clipTokens(scope, images, sized(config, imageSize));
        return concat([classToken, reduceMean(tokens, { axes: [1] })], { axis: 1 });
      },
    }),
  };
}

/**
 * Vision transformers of CLIP's shape for images of some 64 pixels: their features are the class token after the last
 * normalisation, which is what CLIP projects. Of those that end in `_mean` they are the class token and the mean of the
 * patches' tokens, as DINOv2's linear probes take them (Oquab et al. 2023, section B.3): then a loss on the features
 * reaches every token, and what a method makes invariant to backgrounds is the mean of all tokens, the background's
 * among them.
 */
export const clipVisionFamily: BackboneFamily = {
  title: "CLIP's ViTs",
  mark: "class_embedding",
  offers: [],
  members: {
    clip_vit_tiny_patch8_64: member(
      "CLIP's ViT with patches of 8, width 128, 4 blocks, 0.8 M parameters",
      CONFIGS.clip_vit_tiny_patch8_64!,
    ),
    clip_vit_tiny_patch8_64_mean: memberWithMean(
      "the same, with the mean token beside the class token",
      CONFIGS.clip_vit_tiny_patch8_64!,
    ),
  },
  shapesTell(weights) {
    const positions = weights.get("positional_embedding")?.shape[0];
    const patch = weights.get("conv1.weight")?.shape[3];
    if (positions === undefined || patch === undefined) return undefined;
    const size = Math.sqrt(positions - 1) * patch;
    return Number.isInteger(size) && size > 0 ? { size } : undefined;
  },
  library: "open_clip",
  python(library, name, weights) {
    if (library !== "open_clip") return undefined;
    const size = this.shapesTell(weights)?.size ?? SIZE;
    const { patch, width, layers, heads } = clipVisionConfig(name)!;
    return `model = open_clip.transformer.VisionTransformer(${size}, ${patch}, ${width}, ${layers}, ${heads}, 4.0); ` +
      "model.proj = None";
  },
};
