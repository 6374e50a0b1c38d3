/**
 * CLIP's vision transformers, under open_clip's names.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import type { Value } from "../engine/graph/value.ts";
import { conv2d } from "../engine/nn/conv2d.ts";
import {
  constantInitializer,
  type Initializer,
  normalInitializer,
} from "../engine/nn/initializers.ts";
import { layerNorm } from "../engine/nn/layer_norm.ts";
import { applyLinear, linear } from "../engine/nn/linear.ts";
import { tokensOf } from "../engine/nn/map_tokens.ts";
import type { Scope } from "../engine/nn/scope.ts";
import { add } from "../engine/ops/add.ts";
import { concat } from "../engine/ops/concat.ts";
import { expand } from "../engine/ops/expand.ts";
import { gelu } from "../engine/ops/gelu.ts";
import { matMul } from "../engine/ops/mat_mul.ts";
import { multiHeadAttention } from "../engine/ops/multi_head_attention.ts";
import { quickGelu } from "../engine/ops/quick_gelu.ts";
import { reshape } from "../engine/ops/reshape.ts";
import { slice } from "../engine/ops/slice.ts";
import { formatType } from "../engine/graph/tensor.ts";
import type { PatchGrid } from "../engine/nn/sine_cosine_positions.ts";
import type { ClipOutputs, ClipTower } from "./clip_tower.ts";
import { resamplePositions } from "./resample_positions.ts";

/** What one of CLIP's vision transformers is made of. */
export interface ClipVisionTransformerConfig {
  /** Height and width of a patch, in pixels. */
  readonly patch: number;
  /** Features of a token. */
  readonly width: number;
  /** Number of blocks. */
  readonly layers: number;
  /** Heads of the attention. */
  readonly heads: number;
  /** Features inside the feed-forward part (default four times the width). */
  readonly hidden?: number;
  /** The exact GELU (default), or x sigmoid(1.702 x), with which OpenAI's weights were trained. */
  readonly activation?: "gelu" | "quick_gelu";
  /**
   * The square grid of patches that the positions are parameters for (default that of the first images that it is applied
   * to). Positions for other grids are resampled from them.
   */
  readonly positions?: PatchGrid;
  /**
   * Whether queries, keys and values are one parameter, as in open_clip's state dict, or the rows of it that each of them
   * is (default), so that files of any layout are used where they lie.
   */
  readonly joined?: boolean;
}

/** A tower's numbers, with those of its projection. */
export interface ClipVisionTowerConfig extends ClipVisionTransformerConfig {
  /** Features of the pooled embedding. */
  readonly embedding: number;
}

const ZEROS = constantInitializer(0);

/** Standard deviations of open_clip's `init_parameters` (`transformer.py`, `VisionTransformer`). */
function deviations({ width, layers }: ClipVisionTransformerConfig) {
  const attention = width ** -0.5;
  return {
    attention: normalInitializer(attention),
    output: normalInitializer(attention * (2 * layers) ** -0.5),
    feedForward: normalInitializer((2 * width) ** -0.5),
  };
}

/**
 * Rows `[from, to)` of a parameter, as a parameter of their own that is named for them: a file may hold the whole, or
 * parts under other names, and either way they are used where they lie.
 */
function rowsOf(
  scope: Scope,
  name: string,
  [from, to]: readonly [number, number],
  columns: readonly number[],
  initializer: Initializer,
): Value {
  return scope.parameter(`${name}[${from}:${to}]`, [to - from, ...columns], initializer);
}

/** Queries, keys and values of tokens `[N, T, 1, width]`, each `[N, T, width]`. */
function queriesKeysValues(layer: Scope, x: Value, config: ClipVisionTransformerConfig): Value[] {
  const { width, joined = false } = config;
  const [count, tokens] = x.shape as [number, number];
  const initial = deviations(config).attention;
  const thirds = [0, 1, 2].map((third) => [third * width, (third + 1) * width] as const);
  if (joined) {
    const weight = layer.parameter("in_proj_weight", [3 * width, width], initial);
    const bias = layer.parameter("in_proj_bias", [3 * width], ZEROS);
    const mapped = reshape(applyLinear(x, weight, bias), [count, tokens, 3 * width]);
    return thirds.map(([from, to]) => slice(mapped, { starts: [from], ends: [to], axes: [2] }));
  }
  return thirds.map((rows) => {
    const weight = rowsOf(layer, "in_proj_weight", rows, [width], initial);
    const mapped = applyLinear(x, weight, rowsOf(layer, "in_proj_bias", rows, [], ZEROS));
    return reshape(mapped, [count, tokens, width]);
  });
}

/**
 * Attention of tokens `[N, T, 1, width]`. Queries, keys and values are three maps, which are the rows of one in
 * open_clip's state dict.
 */
function attend(scope: Scope, x: Value, config: ClipVisionTransformerConfig): Value {
  const { width, heads } = config;
  const initial = deviations(config);
  return scope.enter("attn", (layer) => {
    const [q, k, v] = queriesKeysValues(layer, x, config);
    const attended = reshape(multiHeadAttention(q!, k!, v!, { heads }), x.shape);
    return linear(layer, "out_proj", attended, {
      width,
      weightInitializer: initial.output,
      biasInitializer: ZEROS,
    });
  });
}

function feedForward(scope: Scope, x: Value, config: ClipVisionTransformerConfig): Value {
  const { width, hidden = 4 * width, activation = "gelu" } = config;
  const initial = deviations(config);
  return scope.enter("mlp", (layer) => {
    const inner = linear(layer, "c_fc", x, {
      width: hidden,
      weightInitializer: initial.feedForward,
      biasInitializer: ZEROS,
    });
    return linear(layer, "c_proj", activation === "gelu" ? gelu(inner) : quickGelu(inner), {
      width,
      weightInitializer: initial.output,
      biasInitializer: ZEROS,
    });
  });
}

function block(scope: Scope, x: Value, config: ClipVisionTransformerConfig): Value {
  const middle = add(x, attend(scope, layerNorm(scope, "ln_1", x), config));
  return add(middle, feedForward(scope, layerNorm(scope, "ln_2", middle), config));
}

/** The positions `[1, patches + 1, width]` of a grid of patches. */
function positionsOf(scope: Scope, own: PatchGrid, config: ClipVisionTransformerConfig): Value {
  const { width, positions: grid = own } = config;
  const shape = [grid.rows * grid.columns + 1, width];
  const table = scope.parameter("positional_embedding", shape, normalInitializer(width ** -0.5));
  return resamplePositions(reshape(table, [1, ...shape]), grid, own);
}

/** The class token and the patches' tokens, with positions added: `[N, patches + 1, width]`. */
function embed(scope: Scope, images: Value, config: ClipVisionTransformerConfig): Value {
  const { patch, width } = config;
  const [count, , height, imageWidth] = images.shape as [number, number, number, number];
  if (height % patch !== 0 || imageWidth % patch !== 0) {
    throw new GenviewRangeError(
      `Cannot embed patches of ${patch} pixels in layer "${scope.path}": they must tile the ` +
        `images, found ${formatType(images.type)}`,
    );
  }
  const initial = normalInitializer(width ** -0.5);
  const map = conv2d(scope, "conv1", images, { channels: width, kernel: patch, stride: patch });
  const patches = tokensOf(map);
  const classToken = reshape(scope.parameter("class_embedding", [width], initial), [1, 1, width]);
  const joined = concat([expand(classToken, [count, 1, width]), patches], { axis: 1 });
  const grid = { rows: height / patch, columns: imageWidth / patch };
  return add(joined, positionsOf(scope, grid, config));
}

/** What a vision transformer of CLIP's makes of images. */
export interface ClipTokens {
  /** The class token after the last normalisation: `[N, width]`. */
  readonly classToken: Value;
  /** The patches' tokens after it, row by row: `[N, patches, width]`. */
  readonly tokens: Value;
}

/**
 * A vision transformer of CLIP (Radford et al. 2021, section 2.4) without its projection, as open_clip's
 * `VisionTransformer`: layer normalisation before and after the blocks. Names within the scope are the keys of its state
 * dict.
 *
 * @param images `[N, 3, H, W]` of whole patches
 * @throws {RangeError} if patches do not tile the images
 */
export function clipTokens(
  scope: Scope,
  images: Value,
  config: ClipVisionTransformerConfig,
): ClipTokens {
  const { width, layers } = config;
  const embedded = embed(scope, images, config);
  const [count, length] = embedded.shape as [number, number];
  // Tokens as an image of one column, the form in which linear maps may become convolutions.
  let x = layerNorm(scope, "ln_pre", reshape(embedded, [count, length, 1, width]));
  scope.enter("transformer.resblocks", (blocks) => {
    for (let i = 0; i < layers; i++) {
      x = blocks.enter(String(i), (inner) => block(inner, x, config));
    }
  });
  const normed = layerNorm(scope, "ln_post", reshape(x, embedded.shape));
  const first = slice(normed, { starts: [0], ends: [1], axes: [1] });
  return {
    classToken: reshape(first, [count, width]),
    tokens: slice(normed, { starts: [1], ends: [length], axes: [1] }),
  };
}

/**
 * An image tower of CLIP that is a vision transformer: its tokens without the projection, which the class token alone
 * takes.
 *
 * @param images `[N, 3, H, W]` of whole patches
 * @throws {RangeError} if patches do not tile the images
 */
export function clipVisionTransformer(
  scope: Scope,
  images: Value,
  config: ClipVisionTowerConfig,
): ClipOutputs {
  const { width, embedding } = config;
  return scope.enter("visual", (visual) => {
    const { classToken, tokens } = clipTokens(visual, images, config);
    const projection = visual.parameter(
      "proj",
      [width, embedding],
      normalInitializer(width ** -0.5),
    );
    return { tokens, pooled: matMul(classToken, projection) };
  });
}

/** A vision transformer as a tower. */
export function clipVisionTransformerTower(config: ClipVisionTowerConfig): ClipTower {
  const { patch, width, embedding } = config;
  return {
    patch,
    width,
    embedding,
    transformer: config,
    apply: (scope, images) => clipVisionTransformer(scope, images, config),
  };
}
