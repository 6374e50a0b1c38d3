/**
 * Attention between the pixels of a map, and from them to a text.
 *
 * @module
 */
import type { Value } from "../../engine/graph/value.ts";
import { linear } from "../../engine/nn/linear.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { multiHeadAttention } from "../../engine/ops/multi_head_attention.ts";

/** Options of {@linkcode projectedAttention}. */
export interface ProjectedAttentionOptions {
  readonly heads: number;
  /** Whether queries, keys and values have biases; the output has one anyway. */
  readonly bias: boolean;
}

/**
 * Attention with maps before and after it. Source: diffusers, `attention_processor.py`, `Attention`, whose names its
 * parameters have.
 *
 * @param x `[N, L, width]`
 * @param context what keys and values are made of, `[N, S, features]`; x itself for self-attention
 */
export function projectedAttention(
  scope: Scope,
  name: string,
  x: Value,
  context: Value,
  { heads, bias }: ProjectedAttentionOptions,
): Value {
  const width = x.shape.at(-1)!;
  return scope.enter(name, (layer) => {
    const queries = linear(layer, "to_q", x, { width, bias });
    const keys = linear(layer, "to_k", context, { width, bias });
    const values = linear(layer, "to_v", context, { width, bias });
    return linear(layer, "to_out.0", multiHeadAttention(queries, keys, values, { heads }), {
      width,
    });
  });
}
