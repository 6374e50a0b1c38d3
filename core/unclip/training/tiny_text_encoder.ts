/**
 * A text encoder that is never trained, for a generator whose texts are empty.
 *
 * @module
 */
import { Scope } from "../../engine/nn/scope.ts";
import { textGraph } from "../network_graphs.ts";
import type { TextEncoderConfig } from "../networks/text_encoder.ts";
import { BYTE_TOKENS } from "./byte_tokenizer.ts";
import type { OwnNetwork } from "./generator_networks.ts";

/** Sizes of the text encoder. */
export const TINY_TEXT_ENCODER: TextEncoderConfig = {
  vocabulary: BYTE_TOKENS,
  width: 32,
  tokens: 16,
  layers: 1,
  heads: 2,
  hidden: 64,
  activation: "gelu",
  epsilon: 1e-5,
};

/**
 * A text encoder with random parameters, for the tokenizer of bytes: what it makes of a text is always the same, and other
 * for other texts.
 *
 * @param seed the same seed gives the same parameters
 */
export function tinyTextEncoder(seed: number): OwnNetwork<TextEncoderConfig> {
  const scope = new Scope();
  textGraph(scope, TINY_TEXT_ENCODER, 1);
  return { config: TINY_TEXT_ENCODER, tensors: scope.initialize(seed) };
}
