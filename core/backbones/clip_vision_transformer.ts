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
import type { ClipOutputs, ClipTower } from "./clip_tower.ts";

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
  /** Features of the pooled embedding. */
  readonly embedding: number;
  /** The exact GELU (default), or x sigmoid(1.702 x), with which OpenAI's weights were trained. */
  readonly activation?: "gelu" | "quick_gelu";
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

/**
 * Attention of tokens `[N, T, 1, width]`. Queries, keys and values are three maps, which are the rows of one in
 * open_clip's state dict.
 */
function attend(scope: Scope, x: Value, config: ClipVisionTransformerConfig): Value {
  const { width, heads } = config;
  const sequence = [...x.shape.slice(0, 2), width];
  const initial = deviations(config);
  return scope.enter("attn", (layer) => {
    const [q, k, v] = [0, 1, 2].map((third) => {
      const rows = [third * width, (third + 1) * width] as const;
      const weight = rowsOf(layer, "in_proj_weight", rows, [width], initial.attention);
      const mapped = applyLinear(x, weight, rowsOf(layer, "in_proj_bias", rows, [], ZEROS));
      return reshape(mapped, sequence);
    });
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

/** The class token and the patches' tokens, with positions added: `[N, patches + 1, width]`. */
function embed(scope: Scope, images: Value, { patch, width }: ClipVisionTransformerConfig): Value {
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
  return add(joined, scope.parameter("positional_embedding", joined.shape.slice(1), initial));
}

/**
 * An image tower of CLIP that is a vision transformer (Radford et al. 2021, section 2.4), as open_clip's
 * `VisionTransformer`: layer normalisation before and after the blocks, tokens after it and without the projection,
 * which the class token alone takes. Its positions fit the images that it is first applied to, and no other size.
 *
 * @param images `[N, 3, H, W]` of whole patches
 * @throws {RangeError} if patches do not tile the images
 */
export function clipVisionTransformer(
  scope: Scope,
  images: Value,
  config: ClipVisionTransformerConfig,
): ClipOutputs {
  const { width, layers, embedding } = config;
  return scope.enter("visual", (visual) => {
    const embedded = embed(visual, images, config);
    const [count, length] = embedded.shape as [number, number];
    // Tokens as an image of one column, the form in which linear maps may become convolutions.
    let x = layerNorm(visual, "ln_pre", reshape(embedded, [count, length, 1, width]));
    visual.enter("transformer.resblocks", (blocks) => {
      for (let i = 0; i < layers; i++) {
        x = blocks.enter(String(i), (inner) => block(inner, x, config));
      }
    });
    const normed = layerNorm(visual, "ln_post", reshape(x, embedded.shape));
    const first = reshape(slice(normed, { starts: [0], ends: [1], axes: [1] }), [count, width]);
    const projection = normalInitializer(width ** -0.5);
    return {
      tokens: slice(normed, { starts: [1], ends: [length], axes: [1] }),
      pooled: matMul(first, visual.parameter("proj", [width, embedding], projection)),
    };
  });
}

/** A vision transformer as a tower. */
export function clipVisionTransformerTower(config: ClipVisionTransformerConfig): ClipTower {
  const { patch, width, embedding } = config;
  return {
    patch,
    width,
    embedding,
    transformer: config,
    apply: (scope, images) => clipVisionTransformer(scope, images, config),
  };
}
