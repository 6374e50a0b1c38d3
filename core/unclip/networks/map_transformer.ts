/**
 * The transformer between the residual blocks of the UNet, which attends to the text.
 *
 * @module
 */
import type { Value } from "../../engine/graph/value.ts";
import { groupNorm } from "../../engine/nn/group_norm.ts";
import { layerNorm } from "../../engine/nn/layer_norm.ts";
import { linear } from "../../engine/nn/linear.ts";
import { mapOf, tokensOf } from "../../engine/nn/map_tokens.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { add } from "../../engine/ops/add.ts";
import { gelu } from "../../engine/ops/gelu.ts";
import { mul } from "../../engine/ops/mul.ts";
import { split } from "../../engine/ops/split.ts";
import { projectedAttention } from "./map_attention.ts";

/** Options of {@linkcode mapTransformer}. */
export interface MapTransformerOptions {
  readonly heads: number;
  /** Groups of channels that are normalised together. */
  readonly groups: number;
  /** The text, `[N, tokens, features]`. */
  readonly text: Value;
}

/** Hidden features for each of the width's. */
const EXPANSION = 4;

/** Epsilon of group normalisation. */
const EPSILON = 1e-6;

/** A feed-forward part whose hidden features are gated (Shazeer 2020, "GLU variants improve transformer", GEGLU). */
function gatedFeedForward(scope: Scope, x: Value): Value {
  const width = x.shape.at(-1)!;
  const hidden = EXPANSION * width;
  return scope.enter("ff.net", (layer) => {
    const both = linear(layer, "0.proj", x, { width: 2 * hidden });
    const [values, gates] = split(both, [hidden, hidden], { axis: -1 });
    return linear(layer, "2", mul(values!, gelu(gates!)), { width });
  });
}

function block(scope: Scope, tokens: Value, { heads, text }: MapTransformerOptions): Value {
  const options = { heads, bias: false };
  const own = layerNorm(scope, "norm1", tokens);
  let x = add(tokens, projectedAttention(scope, "attn1", own, own, options));
  x = add(x, projectedAttention(scope, "attn2", layerNorm(scope, "norm2", x), text, options));
  return add(x, gatedFeedForward(scope, layerNorm(scope, "norm3", x)));
}

/**
 * A transformer of one block over the pixels of a map: attention among them, to the text, and a feed-forward part.
 *
 * Source: diffusers, `transformer_2d.py`, `Transformer2DModel` with `use_linear_projection`, whose names its parameters
 * have.
 *
 * @param map `[N, C, H, W]`
 */
export function mapTransformer(
  scope: Scope,
  name: string,
  map: Value,
  options: MapTransformerOptions,
): Value {
  const [, width, height, columns] = map.shape as [number, number, number, number];
  const { groups } = options;
  return scope.enter(name, (layer) => {
    const normed = tokensOf(groupNorm(layer, "norm", map, { groups, epsilon: EPSILON }));
    const entered = linear(layer, "proj_in", normed, { width });
    const x = layer.enter("transformer_blocks.0", (inner) => block(inner, entered, options));
    return add(map, mapOf(linear(layer, "proj_out", x, { width }), [height, columns]));
  });
}
