/**
 * CLIP's text encoder, as Stable Diffusion uses it: all tokens, none of them masked but by order.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { filled, formatType } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { normalInitializer } from "../../engine/nn/initializers.ts";
import { layerNorm } from "../../engine/nn/layer_norm.ts";
import { linear } from "../../engine/nn/linear.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { add } from "../../engine/ops/add.ts";
import { cast } from "../../engine/ops/cast.ts";
import { gather } from "../../engine/ops/gather.ts";
import { gelu } from "../../engine/ops/gelu.ts";
import { quickGelu } from "../../engine/ops/quick_gelu.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { scaledDotProductAttention } from "../../engine/ops/scaled_dot_product_attention.ts";
import { transpose } from "../../engine/ops/transpose.ts";

/** Sizes of a text encoder. */
export interface TextEncoderConfig {
  /** Tokens that there are. */
  readonly vocabulary: number;
  /** Features of a token. */
  readonly width: number;
  /** Tokens of a text. */
  readonly tokens: number;
  /** Number of blocks. */
  readonly layers: number;
  /** Heads of the attention. */
  readonly heads: number;
  /** Features inside the feed-forward part. */
  readonly hidden: number;
  /** Activation of the feed-forward part. */
  readonly activation: "gelu" | "quick_gelu";
  /** Epsilon of layer normalisation. */
  readonly epsilon: number;
}

/** Standard deviation of the initial embeddings, as in CLIP. */
const EMBEDDING_DEVIATION = 0.02;

/** 0 where a token may look, itself and those before it, and -Infinity where it may not. */
function causalMask(length: number): Value {
  const mask = filled("float32", [length, length], 0);
  for (let row = 0; row < length; row++) {
    mask.data.fill(-Infinity, row * length + row + 1, (row + 1) * length);
  }
  return constant(mask);
}

/** Causal attention. It is taken in float32, for texts are short and the softmax of float16 is coarse. */
function attend(scope: Scope, x: Value, { heads, width }: TextEncoderConfig): Value {
  const [count, length] = x.shape as [number, number];
  return scope.enter("self_attn", (layer) => {
    const [q, k, v] = ["q", "k", "v"].map((part) => {
      const mapped = linear(layer, `${part}_proj`, x, { width });
      const split = reshape(mapped, [count, length, heads, width / heads]);
      return cast(transpose(split, [0, 2, 1, 3]), "float32");
    });
    const attended = scaledDotProductAttention(q!, k!, v!, { mask: causalMask(length) });
    const joined = reshape(transpose(attended, [0, 2, 1, 3]), x.shape);
    return linear(layer, "out_proj", cast(joined, x.dtype), { width });
  });
}

function feedForward(scope: Scope, x: Value, config: TextEncoderConfig): Value {
  const { width, hidden, activation } = config;
  return scope.enter("mlp", (layer) => {
    const inner = linear(layer, "fc1", x, { width: hidden });
    return linear(layer, "fc2", activation === "gelu" ? gelu(inner) : quickGelu(inner), { width });
  });
}

function block(scope: Scope, x: Value, config: TextEncoderConfig): Value {
  const { epsilon } = config;
  const middle = add(x, attend(scope, layerNorm(scope, "layer_norm1", x, { epsilon }), config));
  const normed = layerNorm(scope, "layer_norm2", middle, { epsilon });
  return add(middle, feedForward(scope, normed, config));
}

/**
 * Tokens of texts after all blocks and the last normalisation (Radford et al. 2021, section 2.4).
 *
 * Source: transformers, `modeling_clip.py`, `CLIPTextModel`, whose published names its parameters have.
 *
 * @param ids int64 `[N, tokens]`
 * @returns `[N, tokens, width]`
 * @throws {RangeError} if there are not as many ids as tokens
 */
export function textEncoder(scope: Scope, ids: Value, config: TextEncoderConfig): Value {
  const { vocabulary, width, tokens, layers, epsilon } = config;
  if (ids.rank !== 2 || ids.shape[1] !== tokens) {
    throw new GenviewRangeError(
      `Cannot encode texts: ids must be [N,${tokens}], found ${formatType(ids.type)}`,
    );
  }
  const initial = normalInitializer(EMBEDDING_DEVIATION);
  return scope.enter("text_model", (model) => {
    let x = model.enter("embeddings", (layer) => {
      const table = layer.parameter("token_embedding.weight", [vocabulary, width], initial);
      const positions = layer.parameter("position_embedding.weight", [tokens, width], initial);
      return add(gather(table, ids), positions);
    });
    model.enter("encoder.layers", (blocks) => {
      for (let i = 0; i < layers; i++) {
        x = blocks.enter(String(i), (inner) => block(inner, x, config));
      }
    });
    return layerNorm(model, "final_layer_norm", x, { epsilon });
  });
}
