/**
 * The UNet that denoises latents, conditioned on a text and a class embedding.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { formatType } from "../../engine/graph/tensor.ts";
import type { Value } from "../../engine/graph/value.ts";
import { conv2d } from "../../engine/nn/conv2d.ts";
import { linear } from "../../engine/nn/linear.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { add } from "../../engine/ops/add.ts";
import { cast } from "../../engine/ops/cast.ts";
import { concat } from "../../engine/ops/concat.ts";
import { silu } from "../../engine/ops/silu.ts";
import { embedTimestep } from "../timestep_embedding.ts";
import { mapTransformer } from "./map_transformer.ts";
import { commonRows, conv3x3, normedConv, resnetBlock } from "./resnet_block.ts";
import { upsampleSmall } from "./upsample.ts";

/** One level of the UNet, at half the size of the one before. */
export interface UnetLevel {
  /** Channels of its maps. */
  readonly channels: number;
  /** Heads of the attention. */
  readonly heads: number;
  /** Whether the residual blocks on the way down are each followed by a transformer. */
  readonly attendsDown: boolean;
  /** Whether those on the way up are. */
  readonly attendsUp: boolean;
}

/** Sizes of a UNet. */
export interface UnetConfig {
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** Height and width of the latents that it was trained on. */
  readonly sampleSize: number;
  /** Levels from the widest map to the smallest. */
  readonly levels: readonly UnetLevel[];
  /** Residual blocks of a level on the way down; there is one more on the way up. */
  readonly layersPerLevel: number;
  /** Groups of channels that are normalised together. */
  readonly groups: number;
  /** Epsilon of group normalisation. */
  readonly epsilon: number;
  /** Features of a token of the text. */
  readonly textWidth: number;
  /** Numbers of the class embedding before it is projected. */
  readonly classWidth: number;
  /** Whether timestep and class scale the normalised maps of residual blocks as well as shifting them. */
  readonly adaptiveGroupNorm: boolean;
  /** Features of the embedding of timestep and class (default four times the channels of the first level). */
  readonly timeEmbeddingWidth?: number;
}

/** Inputs of a UNet. */
export interface UnetInputs {
  /**
   * Noisy latents, `[N, channels, H, W]`; or fewer, which all parts of the texts and class embeddings have in common, such as
   * both halves of classifier-free guidance: what the class embedding has no part in is computed once for all.
   */
  readonly latents: Value;
  /** Timestep of each of them, float32 `[N]`, or of all, `[1]`. */
  readonly timestep: Value;
  /** Texts, `[N, tokens, width]`. */
  readonly text: Value;
  /** Class embeddings, `[N, width]`. */
  readonly labels: Value;
}

/** The width of the embedding of timestep and class by default, as a multiple of the first level's channels. */
const EMBEDDING_FACTOR = 4;

/** Inputs and sizes that all blocks share. */
interface Context {
  readonly config: UnetConfig;
  readonly text: Value;
  /** Activation of the embedding of timestep and class. */
  readonly embedding: Value;
}

function embeddingOf(scope: Scope, inputs: UnetInputs, config: UnetConfig): Value {
  const first = config.levels[0]!.channels;
  const width = config.timeEmbeddingWidth ?? EMBEDDING_FACTOR * first;
  const project = (name: string, x: Value) =>
    scope.enter(name, (layer) => {
      const hidden = silu(linear(layer, "linear_1", x, { width }));
      return linear(layer, "linear_2", hidden, { width });
    });
  // The waves need float32: in float16 a timestep times a frequency loses its fraction.
  const time = project("time_embedding", cast(embedTimestep(inputs.timestep, first), scope.dtype));
  return silu(add(time, project("class_embedding", inputs.labels)));
}

function residual(scope: Scope, index: number, x: Value, channels: number, context: Context) {
  const { config: { groups, epsilon, adaptiveGroupNorm }, embedding } = context;
  const options = { channels, groups, epsilon, embedding, adaptiveGroupNorm };
  return resnetBlock(scope, `resnets.${index}`, x, options);
}

function attend(scope: Scope, index: number, x: Value, { heads }: UnetLevel, context: Context) {
  const { config: { groups }, text } = context;
  return mapTransformer(scope, `attentions.${index}`, x, { heads, groups, text });
}

/** The way down; what is skipped to the way up is appended. */
function descend(scope: Scope, start: Value, skips: Value[], context: Context): Value {
  const { levels, layersPerLevel } = context.config;
  return levels.reduce((entered, level, i) =>
    scope.enter(`down_blocks.${i}`, (block) => {
      let x = entered;
      for (let layer = 0; layer < layersPerLevel; layer++) {
        x = residual(block, layer, x, level.channels, context);
        if (level.attendsDown) x = attend(block, layer, x, level, context);
        skips.push(x);
      }
      if (i === levels.length - 1) return x;
      const options = {
        channels: level.channels,
        kernel: 3,
        stride: 2,
        padding: 1,
        bias: true,
      };
      x = conv2d(block, "downsamplers.0.conv", x, options);
      skips.push(x);
      return x;
    }), start);
}

function middle(scope: Scope, entered: Value, context: Context): Value {
  const level = context.config.levels.at(-1)!;
  return scope.enter("mid_block", (block) => {
    const before = residual(block, 0, entered, level.channels, context);
    return residual(block, 1, attend(block, 0, before, level, context), level.channels, context);
  });
}

/** The way up, on which what was skipped is taken again, the last first. */
function ascend(scope: Scope, start: Value, skips: Value[], context: Context): Value {
  const { levels, layersPerLevel } = context.config;
  return levels.toReversed().reduce(
    (entered, level, i) =>
      scope.enter(`up_blocks.${i}`, (block) => {
        let x = entered;
        for (let layer = 0; layer <= layersPerLevel; layer++) {
          x = concat([x, skips.pop()!], { axis: 1 });
          x = residual(block, layer, x, level.channels, context);
          if (level.attendsUp) x = attend(block, layer, x, level, context);
        }
        const next = skips.at(-1);
        if (next === undefined) return x;
        return upsampleSmall(block, x, next.shape.slice(2) as [number, number]);
      }),
    start,
  );
}

/**
 * The conditional UNet of Stable Diffusion 2 with a projected class embedding (Rombach et al. 2022, section 3.3).
 *
 * Source: diffusers, `unet_2d_condition.py`, `UNet2DConditionModel`, whose names its parameters have.
 *
 * @returns the network's output, `[N, channels, H, W]`
 * @throws {RangeError} if the inputs do not fit the configuration
 */
export function unet(scope: Scope, inputs: UnetInputs, config: UnetConfig): Value {
  const { latents, text, labels } = inputs;
  const { levels, groups, epsilon, latentChannels } = config;
  const fits = latents.shape[1] === latentChannels && text.shape[2] === config.textWidth &&
    labels.shape[1] === config.classWidth && labels.shape[0]! % latents.shape[0]! === 0;
  if (!fits) {
    throw new GenviewRangeError(
      `Cannot apply the UNet: latents must be [N,${latentChannels},H,W], the text ` +
        `[N,tokens,${config.textWidth}] and the class embedding [N,${config.classWidth}], found ` +
        [latents, text, labels].map(({ type }) => formatType(type)).join(", "),
    );
  }
  const context = { config, text, embedding: embeddingOf(scope, inputs, config) };
  const first = levels[0]!.channels;
  const start = conv3x3(scope, "conv_in", latents, first);
  const skips = [commonRows(start, labels.shape[0]!)];
  const deepest = middle(scope, descend(scope, start, skips, context), context);
  const x = ascend(scope, deepest, skips, context);
  const names = ["conv_norm_out", "conv_out"] as const;
  return normedConv(scope, names, x, { channels: latentChannels, groups, epsilon });
}
