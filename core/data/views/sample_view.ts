/**
 * Sampling of views.
 *
 * @module
 */
import type { RandomStream } from "../../engine/random/random_stream.ts";
import type { ViewParameters } from "./parameters.ts";
import type { ViewRecipe } from "./recipe.ts";
import { sampleCrop } from "./sample_crop.ts";
import { type AugmentationStep, type StepParameters, STEPS } from "./steps/mod.ts";

/**
 * Draws one view of an image: its crop, its flip, and then each step of the recipe in their order.
 *
 * ```ts
 * import { RandomStream } from "../../engine/random/random_stream.ts";
 * import { mocoV2View } from "./presets.ts";
 * import { assert } from "@std/assert";
 * import { sampleView } from "./sample_view.ts";
 *
 * const random = new RandomStream(0, "view", 3, 17, 0);
 * const { crop } = sampleView(mocoV2View(224), 500, 375, random);
 * assert(crop.left + crop.width <= 500);
 * ```
 *
 * @param width width of the image in pixels
 * @param height height of the image in pixels
 * @param random named by seed, epoch, sample and view, so that a view is the same whoever draws it and when
 */
export function sampleView(
  recipe: ViewRecipe,
  width: number,
  height: number,
  random: RandomStream,
): ViewParameters {
  const geometric = {
    crop: sampleCrop(recipe.crop, width, height, random),
    flip: random.chance(recipe.flip),
  };
  const steps = (STEPS as readonly AugmentationStep[]).map((step) => {
    const own = recipe[step.name as keyof StepParameters];
    return [step.name, own === undefined ? step.none : step.sample(own, random, recipe.size)];
  });
  return { ...geometric, ...Object.fromEntries(steps) as StepParameters };
}
