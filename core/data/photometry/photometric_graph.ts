/**
 * The photometric part of a view recipe as one batched graph.
 *
 * @module
 */
import { float32 } from "../../engine/graph/tensor.ts";
import { constant, input, type Value } from "../../engine/graph/value.ts";
import { add } from "../../engine/ops/add.ts";
import { cast } from "../../engine/ops/cast.ts";
import { greaterOrEqual } from "../../engine/ops/greater_or_equal.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { sub } from "../../engine/ops/sub.ts";
import { transpose } from "../../engine/ops/transpose.ts";
import { where } from "../../engine/ops/where.ts";
import type { ViewRecipe } from "../views/recipe.ts";
import { colorJitter, WHITE } from "./color_jitter.ts";
import { IDENTITY, mapColors, perSample, TO_GRAY } from "./color_map.ts";
import { blurKernelLength, gaussianBlur } from "./gaussian_blur.ts";

/** The steps that a graph has; what a recipe or a sample does not use is left out. */
export interface PhotometricSteps {
  readonly jitter: boolean;
  readonly grayscale: boolean;
  readonly blur: boolean;
  readonly solarize: boolean;
}

/** What a photometric graph is built for. */
export interface PhotometricGraphOptions {
  readonly recipe: Pick<ViewRecipe, "size" | "blur" | "solarize" | "normalize">;
  readonly batchSize: number;
  readonly steps: PhotometricSteps;
}

/** A photometric graph: `images` and the parameters it takes, in the names of `packPhotometry`. */
export interface PhotometricGraph {
  readonly inputs: readonly Value[];
  /** float32 `[N,3,S,S]`, normalised. */
  readonly views: Value;
}

/** Beyond every threshold. */
const NEVER = 1e6;

/** The steps that a recipe can ask for. */
export function stepsOf(
  { jitter, grayscale = 0, blur, solarize }: ViewRecipe,
): PhotometricSteps {
  return {
    jitter: (jitter?.probability ?? 0) > 0,
    grayscale: grayscale > 0,
    blur: (blur?.probability ?? 0) > 0,
    solarize: (solarize?.probability ?? 0) > 0,
  };
}

/** From where on a recipe inverts channels. */
export function thresholdOf({ solarize }: Pick<ViewRecipe, "solarize">): number {
  return solarize?.threshold ?? 128;
}

/** The map to gray `[N,3,3]` where the gate `[N]` is 1, the identity where it is 0. */
function grayscaleMap(gate: Value): Value {
  return add(IDENTITY, mul(reshape(gate, [-1, 1, 1]), sub(TO_GRAY, IDENTITY)));
}

/** Inverts channels from the threshold on, where the gate `[N]` is 1. */
function solarize(pixels: Value, gate: Value, threshold: number): Value {
  const from = perSample(add(mul(sub(1, gate), NEVER), threshold));
  return where(greaterOrEqual(pixels, from), sub(WHITE, pixels), pixels);
}

/** Applies a map of colours and then the recipe's normalisation, as one map. */
function normalize(
  pixels: Value,
  map: Value,
  { mean, std }: ViewRecipe["normalize"],
): Value {
  const scale = constant(float32([1, 3, 1], std.map((each) => 1 / (WHITE * each))));
  const offset = mean.map((each, channel) => -each / std[channel]!);
  return mapColors(pixels, mul(map, scale), constant(float32([1, 3, 1], offset)));
}

/**
 * Builds the graph: jitter, grayscale, blur, solarize, normalisation, in this order. Arithmetic is in float32 on [0, 255]
 * with clamping after each step of the jitter; nothing is rounded to 8 bits between steps. Where nothing else comes in
 * between, grayscale is part of the normalisation, as it commutes with the blur.
 */
export function buildPhotometricGraph(
  { recipe, batchSize, steps }: PhotometricGraphOptions,
): PhotometricGraph {
  const { size } = recipe;
  const images = input("images", "uint8", [batchSize, size, size, 3]);
  const inputs = [images];
  const parameter = (name: string): Value => {
    const value = input(name, "float32", [batchSize]);
    inputs.push(value);
    return value;
  };
  // One axis of pixels is transposed with wide moves, two are not.
  const planes = transpose(reshape(images, [batchSize, size * size, 3]), [0, 2, 1]);
  let pixels = reshape(cast(planes, "float32"), [batchSize, 3, size, size]);
  if (steps.jitter) {
    const order = input("jitter_order", "int64", [batchSize, 4]);
    inputs.push(order);
    pixels = colorJitter(pixels, {
      brightness: parameter("brightness"),
      contrast: parameter("contrast"),
      saturation: parameter("saturation"),
      hue: parameter("hue"),
      order,
    });
  }
  let last: Value = reshape(IDENTITY, [1, 3, 3]);
  if (steps.grayscale) last = grayscaleMap(parameter("grayscale"));
  if (steps.grayscale && steps.solarize) {
    pixels = mapColors(pixels, last);
    last = reshape(IDENTITY, [1, 3, 3]);
  }
  if (steps.blur) {
    pixels = gaussianBlur(pixels, parameter("blur_sigma"), {
      kernelLength: blurKernelLength(size),
      ...(recipe.blur && { widest: recipe.blur.sigma[1] }),
    });
  }
  if (steps.solarize) {
    pixels = solarize(pixels, parameter("solarize"), thresholdOf(recipe));
  }
  return { inputs, views: normalize(pixels, last, recipe.normalize) };
}
