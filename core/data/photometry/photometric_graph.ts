/**
 * The photometric part of a view recipe as one batched graph.
 *
 * @module
 */
import { float32 } from "../../engine/graph/tensor.ts";
import { constant, input, type Value } from "../../engine/graph/value.ts";
import { add } from "../../engine/ops/add.ts";
import { cast } from "../../engine/ops/cast.ts";
import { div } from "../../engine/ops/div.ts";
import { greaterOrEqual } from "../../engine/ops/greater_or_equal.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { sub } from "../../engine/ops/sub.ts";
import { transpose } from "../../engine/ops/transpose.ts";
import { where } from "../../engine/ops/where.ts";
import type { ViewRecipe } from "../views/recipe.ts";
import { colorJitter, gray } from "./color_jitter.ts";
import { blurKernelLength, gaussianBlur } from "./gaussian_blur.ts";

/** The steps that a graph has; what a recipe or a chunk of samples does not use is left out. */
export interface PhotometricSteps {
  readonly jitter: boolean;
  readonly grayscale: boolean;
  readonly blur: boolean;
  readonly solarize: boolean;
  /** Where hue stands in the jitter's order, if it stands there for every sample. */
  readonly huePosition?: number;
}

/** What a photometric graph is built for. */
export interface PhotometricGraphOptions {
  readonly recipe: Pick<ViewRecipe, "size" | "solarize" | "normalize">;
  readonly batchSize: number;
  readonly steps: PhotometricSteps;
}

/** A photometric graph: `images` and the parameters it takes, in the names of `packPhotometry`. */
export interface PhotometricGraph {
  readonly inputs: readonly Value[];
  /** float32 `[N,3,S,S]` in [0,1], before normalisation. */
  readonly pixels: Value;
  /** float32 `[N,3,S,S]`, normalised. */
  readonly views: Value;
}

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

/** x where the gate `[N]` is 0, y where it is 1. */
function gated(gate: Value, x: Value, y: Value): Value {
  return add(x, mul(reshape(gate, [-1, 1, 1]), sub(y, x)));
}

/**
 * Builds the graph: jitter, grayscale, blur, solarize, normalisation, in this order. Arithmetic is in float32 with
 * clamping after each step of the jitter; nothing is rounded to 8 bits between steps.
 */
export function buildPhotometricGraph(
  { recipe, batchSize, steps }: PhotometricGraphOptions,
): PhotometricGraph {
  const { size, normalize: { mean, std } } = recipe;
  const images = input("images", "uint8", [batchSize, size, size, 3]);
  const inputs = [images];
  const parameter = (name: string): Value => {
    const value = input(name, "float32", [batchSize]);
    inputs.push(value);
    return value;
  };
  const planes = transpose(reshape(images, [batchSize, size * size, 3]), [0, 2, 1]);
  let pixels = mul(cast(planes, "float32"), 1 / 255);
  if (steps.jitter) {
    const order = input("jitter_order", "int64", [batchSize, 4]);
    inputs.push(order);
    pixels = colorJitter(pixels, {
      brightness: parameter("brightness"),
      contrast: parameter("contrast"),
      saturation: parameter("saturation"),
      hue: parameter("hue"),
      order,
    }, steps.huePosition);
  }
  if (steps.grayscale) pixels = gated(parameter("grayscale"), pixels, gray(pixels));
  let maps = reshape(pixels, [batchSize, 3, size, size]);
  if (steps.blur) maps = gaussianBlur(maps, parameter("blur_sigma"), blurKernelLength(size));
  if (steps.solarize) {
    const flat = reshape(maps, [batchSize, 3, size * size]);
    const bright = greaterOrEqual(flat, (recipe.solarize?.threshold ?? 128) / 255);
    const inverted = where(bright, sub(1, flat), flat);
    maps = reshape(gated(parameter("solarize"), flat, inverted), maps.shape);
  }
  const statistics = (values: readonly number[]) => constant(float32([3, 1, 1], values));
  const views = div(sub(maps, statistics(mean)), statistics(std));
  return { inputs, pixels: maps, views };
}
