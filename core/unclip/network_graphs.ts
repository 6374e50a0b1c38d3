/**
 * The graphs that a pipeline runs: networks with their pre- and postprocessing.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { float32, formatType, zeros } from "../engine/graph/tensor.ts";
import { constant, input, type Value } from "../engine/graph/value.ts";
import type { Scope } from "../engine/nn/scope.ts";
import { add } from "../engine/ops/add.ts";
import { cast } from "../engine/ops/cast.ts";
import { clip } from "../engine/ops/clip.ts";
import { concat } from "../engine/ops/concat.ts";
import { equal } from "../engine/ops/equal.ts";
import { mul } from "../engine/ops/mul.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { round } from "../engine/ops/round.ts";
import { split } from "../engine/ops/split.ts";
import { sub } from "../engine/ops/sub.ts";
import { transpose } from "../engine/ops/transpose.ts";
import { where } from "../engine/ops/where.ts";
import type { NetworkGraph } from "./network_session.ts";
import { type AutoencoderConfig, decodeLatents } from "./networks/autoencoder.ts";
import { textEncoder, type TextEncoderConfig } from "./networks/text_encoder.ts";
import { unet, type UnetConfig } from "./networks/unet.ts";

/** Hidden states of texts: `ids` int64 `[N, tokens]` to `hidden` float32 `[N, tokens, width]`. */
export function textGraph(
  scope: Scope,
  config: TextEncoderConfig,
  batchSize: number,
): NetworkGraph {
  const ids = input("ids", "int64", [batchSize, config.tokens]);
  return { inputs: [ids], outputs: { hidden: cast(textEncoder(scope, ids, config), "float32") } };
}

/** Sizes of a UNet's inputs. */
export interface DenoisingShape {
  readonly batchSize: number;
  /** Height and width of the latents. */
  readonly size: readonly [number, number];
  /** Tokens of a text. */
  readonly tokens: number;
}

/** Adds classifier-free guidance: its inputs, and the guided output. */
function withGuidance(
  latents: Value,
  text: Value,
  labels: Value,
  apply: (latents: Value, text: Value, labels: Value) => Value,
): NetworkGraph {
  const count = latents.shape[0]!;
  const negative = input("negative", "float32", text.shape);
  const guidance = input("guidance", "float32", [count, 1, 1, 1]);
  const none = constant(zeros("float32", labels.shape));
  const both = apply(
    latents,
    concat([negative, text], { axis: 0 }),
    concat([none, labels], { axis: 0 }),
  );
  const [without, given] = split(both, [count, count], { axis: 0 });
  const guided = add(without!, mul(guidance, sub(given!, without!)));
  // By the formula an image without guidance would have the rounding, and any NaN, of what it takes no part of.
  const output = where(equal(guidance, 1), given!, guided);
  return { inputs: [latents, text, labels, negative, guidance], outputs: { output } };
}

/**
 * The UNet's output, guided or not: `latents` `[N, channels, H, W]`, `timestep` `[1]`, `text` `[N, tokens, width]` and
 * `labels` `[N, class width]`, with guidance `negative` like `text` and `guidance` `[N, 1, 1, 1]`, to `output` like
 * `latents`, all float32. An image whose guidance is 1 has the output that it has without guidance.
 *
 * Source: Ho & Salimans 2022, "Classifier-free diffusion guidance", equation 6; the class embedding without guidance is
 * all zeros, as in diffusers' `StableUnCLIPImg2ImgPipeline`.
 */
export function denoisingGraph(
  scope: Scope,
  config: UnetConfig,
  { batchSize, size, tokens }: DenoisingShape,
  guided: boolean,
): NetworkGraph {
  const latents = input("latents", "float32", [batchSize, config.latentChannels, ...size]);
  const timestep = input("timestep", "float32", [1]);
  const text = input("text", "float32", [batchSize, tokens, config.textWidth]);
  const labels = input("labels", "float32", [batchSize, config.classWidth]);
  const apply = (latents: Value, text: Value, labels: Value): Value => {
    const [x, y, z] = [latents, text, labels].map((value) => cast(value, scope.dtype));
    return cast(unet(scope, { latents: x!, timestep, text: y!, labels: z! }, config), "float32");
  };
  if (!guided) {
    const output = apply(latents, text, labels);
    return { inputs: [latents, timestep, text, labels], outputs: { output } };
  }
  const { inputs, outputs } = withGuidance(latents, text, labels, apply);
  return { inputs: [...inputs, timestep], outputs };
}

/** Pixels from the numbers that a decoder gives, cut to [-1, 1]: uint8 `[N, H, W, 3]` from `[N, 3, H, W]`. */
export function pixelsOf(images: Value): Value {
  const unit = clip(add(mul(images, 0.5), 0.5), { min: 0, max: 1 });
  return cast(transpose(round(mul(unit, 255)), [0, 2, 3, 1]), "uint8");
}

/**
 * Images from latents as the scheduler leaves them: `latents` float32 `[N, channels, H, W]` to `images` uint8
 * `[N, H f, W f, 3]`, and `check` float32 `[N]`, which is 0 where all numbers that become pixels are finite, and NaN
 * elsewhere.
 *
 * @throws {RangeError} if the autoencoder's images have not 3 channels
 */
export function decodingGraph(
  scope: Scope,
  config: AutoencoderConfig,
  batchSize: number,
  size: readonly [number, number],
): NetworkGraph {
  const latents = input("latents", "float32", [batchSize, config.latentChannels, ...size]);
  const scaled = mul(latents, constant(float32([], [1 / config.scale])));
  const decoded = decodeLatents(scope, cast(scaled, scope.dtype), config);
  if (decoded.shape[1] !== 3) {
    throw new GenviewRangeError(
      `Cannot make images of ${formatType(decoded.type)}: there must be 3 channels`,
    );
  }
  const numbers = cast(decoded, "float32");
  const check = reduceSum(mul(numbers, 0), { axes: [1, 2, 3] });
  return { inputs: [latents], outputs: { images: pixelsOf(numbers), check } };
}
