/**
 * Drawing of colour jitter.
 *
 * @module
 */
import type { RandomStream } from "../../engine/random/random_stream.ts";
import { type JitterOrder, type JitterParameters, NO_JITTER } from "./parameters.ts";
import type { JitterRecipe } from "./recipe.ts";

/** A factor around 1, never below 0. */
function sampleFactor(strength: number, random: RandomStream): number {
  return strength === 0 ? 1 : random.uniform(Math.max(0, 1 - strength), 1 + strength);
}

/**
 * Draws colour jitter: whether it is applied, the order of its steps, and their factors.
 *
 * Source: torchvision, `transforms/transforms.py`, `RandomApply.forward` and `ColorJitter.get_params`.
 */
export function sampleJitter(recipe: JitterRecipe, random: RandomStream): JitterParameters {
  if (!random.chance(recipe.probability)) return NO_JITTER;
  const [first, second, third, last] = random.permutation(4);
  const order: JitterOrder = [first!, second!, third!, last!];
  return {
    apply: true,
    order,
    brightness: sampleFactor(recipe.brightness, random),
    contrast: sampleFactor(recipe.contrast, random),
    saturation: sampleFactor(recipe.saturation, random),
    hue: recipe.hue === 0 ? 0 : random.uniform(-recipe.hue, recipe.hue),
  };
}
