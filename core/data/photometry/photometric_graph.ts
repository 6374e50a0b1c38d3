/**
 * The photometric part of a view recipe as one batched graph.
 *
 * @module
 */
import { float32 } from "../../engine/graph/tensor.ts";
import { constant, input, type Value } from "../../engine/graph/value.ts";
import { cast } from "../../engine/ops/cast.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { transpose } from "../../engine/ops/transpose.ts";
import type { Normalization, ViewRecipe } from "../views/recipe.ts";
import type { PhotometricStep, StepRecipes } from "../views/steps/mod.ts";
import { usedPhotometricSteps, type UsedStep } from "../views/used_steps.ts";
import { WHITE } from "./color_jitter.ts";
import { IDENTITY, mapColors } from "./color_map.ts";

/** What a photometric graph is built for. */
export interface PhotometricGraphOptions {
  /** Steps that it does not use are left out. */
  readonly recipe: Pick<ViewRecipe, "size" | "normalize"> & StepRecipes;
  /** N, views in a batch. */
  readonly batchSize: number;
}

/** A photometric graph: `images` and the parameters it takes, in the names of `packPhotometry`. */
export interface PhotometricGraph {
  /** Images and parameters. */
  readonly inputs: readonly Value[];
  /** float32 `[N,3,S,S]`, normalised. */
  readonly views: Value;
}

const NO_MAP: Value = reshape(IDENTITY, [1, 3, 3]);

/** Applies a map of colours and then the recipe's normalisation, as one map. */
function normalize(pixels: Value, map: Value, { mean, std }: Normalization): Value {
  const scale = constant(float32([1, 3, 1], std.map((each) => 1 / (WHITE * each))));
  const offset = mean.map((each, channel) => -each / std[channel]!);
  return mapColors(pixels, mul(map, scale), constant(float32([1, 3, 1], offset)));
}

/**
 * Builds the graph: the recipe's steps in their order, and the normalisation. Arithmetic is in float32 on [0, 255] with
 * clamping after each part of the jitter; nothing is rounded to 8 bits between steps. Where all that follows a map of
 * colours commutes with it, it is part of the normalisation.
 */
export function buildPhotometricGraph(
  { recipe, batchSize }: PhotometricGraphOptions,
): PhotometricGraph {
  const { size } = recipe;
  const images = input("images", "uint8", [batchSize, size, size, 3]);
  const inputs = [images];
  const graphOf = ({ step, recipe }: UsedStep<PhotometricStep>) => {
    const own = Object.entries(step.packed).map(([name, { dtype, shape }]) =>
      [name, input(name, dtype, [batchSize, ...shape])] as const
    );
    inputs.push(...own.map(([, value]) => value));
    return { recipe, size, inputs: Object.fromEntries(own) };
  };
  // One axis of pixels is transposed with wide moves, two are not.
  const planes = transpose(reshape(images, [batchSize, size * size, 3]), [0, 2, 1]);
  let pixels = reshape(cast(planes, "float32"), [batchSize, 3, size, size]);
  let map = NO_MAP;
  const used = usedPhotometricSteps(recipe);
  const before = used.filter(({ step }) => step.normalized !== true);
  for (const [i, each] of before.entries()) {
    const graph = graphOf(each);
    if (each.step.colorMap === undefined) {
      pixels = each.step.graph!(pixels, graph);
      continue;
    }
    map = each.step.colorMap(graph);
    if (before.slice(i + 1).every(({ step }) => step.commutes === true)) continue;
    pixels = mapColors(pixels, map);
    map = NO_MAP;
  }
  let views = normalize(pixels, map, recipe.normalize);
  for (const each of used.filter(({ step }) => step.normalized === true)) {
    views = each.step.graph!(views, graphOf(each));
  }
  return { inputs, views };
}
