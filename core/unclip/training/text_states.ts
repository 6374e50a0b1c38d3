/**
 * The text encoder of a generator that is trained from scratch, which is not trained: its parameters are drawn, and what it
 * makes of the empty prompt is the same for all images.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import { withTarget } from "../../engine/graph/target.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { type Placement, Session } from "../../engine/ort/mod.ts";
import { textGraph } from "../network_graphs.ts";
import { createNetworkSession } from "../network_session.ts";
import { STORED_TEXT_ENCODER } from "../network_weights.ts";
import { parseTextEncoder } from "../network_config.ts";
import type { TextEncoderConfig } from "../networks/text_encoder.ts";
import type { PublishedFolder } from "../published_folder.ts";
import { ClipTokenizer } from "../tokenizer.ts";
import { BYTE_VOCABULARY } from "./byte_tokenizer.ts";
import type { TextEncoderSizes } from "./generator_configuration.ts";

/** A text encoder, and what it makes of the empty prompt. */
export interface DrawnTextEncoder {
  /** Its sizes. */
  readonly config: TextEncoderConfig;
  /** Its parameters. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Hidden states of the empty prompt, `[1, tokens, width]`. */
  readonly text: Tensor<"float32">;
}

/** Features inside the feed-forward part for each of the width's. */
const EXPANSION = 4;

/** A text encoder over bytes. */
export function byteTextEncoder(
  { width, tokens, layers, heads }: TextEncoderSizes,
): TextEncoderConfig {
  return {
    vocabulary: Object.keys(BYTE_VOCABULARY.vocab).length,
    width,
    tokens,
    layers,
    heads,
    hidden: EXPANSION * width,
    activation: "gelu",
    epsilon: 1e-5,
  };
}

/** Draws a text encoder over bytes by a seed. */
export async function drawTextEncoder(
  sizes: TextEncoderSizes,
  seed: number,
  placement: Placement,
): Promise<DrawnTextEncoder> {
  const config = byteTextEncoder(sizes);
  const scope = new Scope();
  const { inputs, outputs } = withTarget(
    { provider: placement.device.provider },
    () => textGraph(scope, config, 1),
  );
  const tensors = scope.initialize(seed);
  const model = encodeModel({ inputs, outputs, initializers: tensors });
  using session = await Session.create(model, placement);
  const ids = new ClipTokenizer(BYTE_VOCABULARY, config.tokens).encodeAll([""]);
  const { hidden } = await session.run({ ids });
  return { config, tensors, text: hidden as Tensor<"float32"> };
}

/** What the text encoder of a published folder makes of the empty prompt, `[1, tokens, width]`. */
export async function emptyPromptStates(
  folder: PublishedFolder,
  placement: Placement,
): Promise<Tensor<"float32">> {
  const config = parseTextEncoder(await folder.config("text_encoder"));
  using file = await folder.open("text_encoder", "float32");
  using session = await createNetworkSession(
    file,
    STORED_TEXT_ENCODER,
    (scope) => textGraph(scope, config, 1),
    placement,
  );
  const tokenizer = await ClipTokenizer.read(folder.folder("tokenizer"), config.tokens);
  const { hidden } = await session.run({ ids: tokenizer.encodeAll([""]) });
  return hidden as Tensor<"float32">;
}
