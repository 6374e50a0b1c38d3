/**
 * Vision transformers, under timm's names.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import {
  constantInitializer,
  type Initializer,
  normalInitializer,
  truncatedNormalInitializer,
  uniformInitializer,
  xavierUniform,
} from "../engine/nn/initializers.ts";
import { layerNorm } from "../engine/nn/layer_norm.ts";
import { patchEmbedding } from "../engine/nn/patch_embedding.ts";
import type { Scope } from "../engine/nn/scope.ts";
import { sineCosinePositions } from "../engine/nn/sine_cosine_positions.ts";
import { transformerBlock } from "../engine/nn/transformer_block.ts";
import { add } from "../engine/ops/add.ts";
import { concat } from "../engine/ops/concat.ts";
import { expand } from "../engine/ops/expand.ts";
import { reduceMean } from "../engine/ops/reduce_mean.ts";
import { reshape } from "../engine/ops/reshape.ts";
import { slice } from "../engine/ops/slice.ts";
import type { PatchGrid } from "../engine/nn/sine_cosine_positions.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import type { BackboneFamily, BackboneMember } from "./backbone.ts";
import { resamplePositions, squareGrid } from "./resample_positions.ts";

/** What a vision transformer is made of. */
export interface VisionTransformerConfig {
  /** Height and width of a patch, in pixels. */
  readonly patch: number;
  /** Features of a token. */
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  /** Heads of the attention. */
  readonly heads: number;
  /** Features: the normalised class token (default), or the normalised mean of the patches' tokens. */
  readonly pooling?: "token" | "mean";
  /** Initial scale of each branch per channel; no scale when left out. */
  readonly layerScale?: number;
  /**
   * Height and width in pixels of the images whose positions are parameters (default those of the first images that it
   * is applied to). Positions for other images are resampled from them.
   */
  readonly imageSize?: number;
  /**
   * How it starts: as timm's (default), or as MoCo v3's (Chen et al. 2021, section 4), whose patch embedding stays as
   * it was initialised and whose positions are sines and cosines, neither of them trained.
   */
  readonly variant?: "timm" | "mocov3";
}

/** What layer normalisation adds to the variance. */
const EPSILON = 1e-6;

/** Initial values of timm's `VisionTransformer`. */
const TIMM = {
  patches: {},
  blocks: { weightInitializer: truncatedNormalInitializer(0.02) },
} as const;

/** Xavier's uniform with queries, keys and values as three square maps. */
const mocoQkv: Initializer = (shape, random) => {
  const [rows, columns] = shape as [number, number];
  const bound = Math.sqrt(6 / (rows / 3 + columns));
  return uniformInitializer(-bound, bound)(shape, random);
};

/** Xavier's uniform with the kernel as a map from a patch to a token. */
const mocoPatches: Initializer = (shape, random) => {
  const [width, channels, height, columns] = shape as [number, number, number, number];
  const bound = Math.sqrt(6 / (channels * height * columns + width));
  return uniformInitializer(-bound, bound)(shape, random);
};

/** Initial values of MoCo v3's `VisionTransformerMoCo` (`vits.py` of the reference implementation). */
const MOCO_V3 = {
  patches: {
    weightInitializer: mocoPatches,
    biasInitializer: constantInitializer(0),
    trainable: false,
  },
  blocks: { weightInitializer: xavierUniform(), qkvInitializer: mocoQkv },
} as const;

/**
 * The grid that the positions are parameters for.
 *
 * @param own the grid of the images
 * @throws {RangeError} if the images are others than the first, and those were not square
 */
function positionGrid(scope: Scope, own: PatchGrid, config: VisionTransformerConfig): PatchGrid {
  const { patch, imageSize } = config;
  if (imageSize !== undefined) {
    if (imageSize % patch === 0) return { rows: imageSize / patch, columns: imageSize / patch };
    throw new GenviewRangeError(
      `Cannot embed positions: patches of ${patch} pixels must tile the images of ${imageSize} that they are for`,
    );
  }
  const name = scope.path === "" ? "pos_embed" : `${scope.path}.pos_embed`;
  const shape = scope.declarations.get(name)?.value.shape;
  if (shape === undefined || shape[1]! - 1 === own.rows * own.columns) return own;
  const square = squareGrid(shape);
  if (square !== undefined) return square;
  throw new GenviewRangeError(
    `Cannot resample positions: the first images must be square, or imageSize say which grid they are for, found ${
      shape[1]! - 1
    } patches`,
  );
}

/** The positions `[1, patches + 1, width]` of images. */
function positionsOf(scope: Scope, images: Value, config: VisionTransformerConfig): Value {
  const { patch, width, variant = "timm" } = config;
  const [rows, columns] = images.shape.slice(2).map((length) => length / patch);
  const own = { rows: rows!, columns: columns! };
  const grid = positionGrid(scope, own, config);
  const initial = variant === "timm" ? truncatedNormalInitializer(0.02) : sineCosinePositions(grid);
  const shape = [1, grid.rows * grid.columns + 1, width];
  const trainable = variant === "timm";
  return resamplePositions(scope.parameter("pos_embed", shape, initial, { trainable }), grid, own);
}

/** The patches' tokens behind the class token, with positions added: `[N, patches + 1, width]`. */
function embed(scope: Scope, images: Value, config: VisionTransformerConfig): Value {
  const { patch, width, variant = "timm" } = config;
  const initial = variant === "timm" ? TIMM.patches : MOCO_V3.patches;
  const classToken = scope.parameter("cls_token", [1, 1, width], normalInitializer(1e-6));
  const patches = patchEmbedding(scope, "patch_embed", images, { patch, width, ...initial });
  const [count] = patches.shape as [number, number];
  const joined = concat([expand(classToken, [count, 1, width]), patches], { axis: 1 });
  return add(joined, positionsOf(scope, images, config));
}

/** The tokens `[N, patches + 1, width]` that the last block leaves, not normalised. */
function lastTokens(scope: Scope, images: Value, config: VisionTransformerConfig): Value {
  const { depth, heads, layerScale, variant = "timm" } = config;
  const options = {
    heads,
    epsilon: EPSILON,
    ...(layerScale !== undefined && { layerScale }),
    ...(variant === "timm" ? TIMM.blocks : MOCO_V3.blocks),
  };
  let tokens = embed(scope, images, config);
  scope.enter("blocks", (blocks) => {
    for (let i = 0; i < depth; i++) tokens = transformerBlock(blocks, String(i), tokens, options);
  });
  return tokens;
}

/** The tokens of the patches, without the class token. */
function patchesOf(tokens: Value): Value {
  return slice(tokens, { starts: [1], ends: [tokens.shape[1]!], axes: [1] });
}

/**
 * A vision transformer without its classifier (Dosovitskiy et al. 2021), as timm's `VisionTransformer` with
 * `dynamic_img_size`: its positions are parameters for images of one size, and those of other images, such as local views,
 * are resampled from them, bicubic and with antialiasing. So are MoCo v3's fixed positions, as timm does with any table:
 * sines computed anew for a larger grid would have values that no training has seen.
 *
 * @param images `[N, 3, H, W]` of whole patches
 * @returns `[N, width]`
 */
export function visionTransformer(
  scope: Scope,
  images: Value,
  config: VisionTransformerConfig,
): Value {
  const { width, pooling = "token" } = config;
  const tokens = lastTokens(scope, images, config);
  if (pooling === "token") {
    // Each token is normalised by itself, so the one that is kept is enough.
    const first = slice(tokens, { starts: [0], ends: [1], axes: [1] });
    return layerNorm(scope, "norm", reshape(first, [tokens.shape[0]!, width]), {
      epsilon: EPSILON,
    });
  }
  return layerNorm(scope, "fc_norm", reduceMean(patchesOf(tokens), { axes: [1] }), {
    epsilon: EPSILON,
  });
}

/**
 * The patches' tokens of a vision transformer, after the last normalisation.
 *
 * @param images `[N, 3, H, W]` of whole patches
 * @returns `[N, patches, width]`
 */
export function visionTransformerTokens(
  scope: Scope,
  images: Value,
  config: VisionTransformerConfig,
): Value {
  const name = (config.pooling ?? "token") === "token" ? "norm" : "fc_norm";
  return layerNorm(scope, name, patchesOf(lastTokens(scope, images, config)), { epsilon: EPSILON });
}

function member(description: string, config: VisionTransformerConfig): BackboneMember {
  return {
    description,
    build({ imageSize }) {
      const sized = imageSize === undefined ? config : { ...config, imageSize };
      return {
        width: config.width,
        apply: (scope, images) => visionTransformer(scope, images, sized),
        applyTokens: (scope, images) => visionTransformerTokens(scope, images, sized),
      };
    },
  };
}

const TINY = { patch: 16, width: 192, depth: 12, heads: 3 } as const;
const SMALL = { patch: 16, width: 384, depth: 12, heads: 6 } as const;
const BASE = { patch: 16, width: 768, depth: 12, heads: 12 } as const;
const MOCO_V3_SMALL = { ...SMALL, heads: 12, variant: "mocov3" } as const;
const MOCO_V3_BASE = { ...BASE, variant: "mocov3" } as const;

const CONFIGS: Readonly<Record<string, VisionTransformerConfig>> = {
  vit_tiny_patch16_224: TINY,
  vit_small_patch16_224: SMALL,
  vit_base_patch16_224: BASE,
  mocov3_vit_small: MOCO_V3_SMALL,
  mocov3_vit_base: MOCO_V3_BASE,
};

/** Vision transformers by timm's names, and MoCo v3's. */
export const visionTransformerFamily: BackboneFamily = {
  title: "ViTs",
  mark: "pos_embed",
  offers: [],
  members: {
    vit_tiny_patch16_224: member("ViT-Ti/16, 3 heads, 5.5 M parameters", TINY),
    vit_small_patch16_224: member("ViT-S/16, 6 heads, 22 M parameters", SMALL),
    vit_base_patch16_224: member("ViT-B/16, 12 heads, 86 M parameters", BASE),
    mocov3_vit_small: member(
      "MoCo v3's ViT-S/16: 12 heads, fixed positions and patch embedding",
      MOCO_V3_SMALL,
    ),
    mocov3_vit_base: member(
      "MoCo v3's ViT-B/16: 12 heads, fixed positions and patch embedding",
      MOCO_V3_BASE,
    ),
  },
  shapesTell(weights) {
    const positions = weights.get("pos_embed")?.shape[1];
    const patch = weights.get("patch_embed.proj.weight")?.shape[3];
    if (positions === undefined || patch === undefined) return undefined;
    const size = Math.sqrt(positions - 1) * patch;
    return Number.isInteger(size) && size > 0 ? { size } : undefined;
  },
  library: "timm",
  python(library, name, weights) {
    const size = this.shapesTell(weights)?.size ?? 224;
    const { patch, width, depth, heads } = CONFIGS[name]!;
    switch (library) {
      case "timm": {
        const own = name.replace(/^mocov3_vit_(small|base)$/, "vit_$1_patch16_224");
        const split = heads === CONFIGS[own]!.heads ? "" : `, num_heads=${heads}`;
        return `model = timm.create_model("${own}", num_classes=0, img_size=${size}${split})`;
      }
      case "torchvision":
        return `model = torchvision.models.VisionTransformer(${size}, ${patch}, ${depth}, ${heads}, ${width}, ` +
          `${4 * width}); model.heads = torch.nn.Identity()`;
      case "open_clip":
        return undefined;
      case "mmpretrain":
        return `model = mmpretrain.models.VisionTransformer(arch=dict(embed_dims=${width}, num_layers=${depth}, ` +
          `num_heads=${heads}, feedforward_channels=${
            4 * width
          }), img_size=${size}, patch_size=${patch})`;
    }
  },
};
