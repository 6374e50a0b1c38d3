/**
 * Drawing of views.
 *
 * @module
 */
import type { RandomStream } from "../../engine/random/random_stream.ts";
import { NO_JITTER, type ViewParameters } from "./parameters.ts";
import type { ViewRecipe } from "./recipe.ts";
import { sampleCrop } from "./sample_crop.ts";
import { sampleJitter } from "./sample_jitter.ts";

/**
 * Draws one view of an image.
 *
 * ```ts
 * import { RandomStream } from "../../engine/random/random_stream.ts";
 * import { mocoV2View } from "./presets.ts";
 * import { assert } from "@std/assert";
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
  const { jitter, grayscale, blur, solarize } = recipe;
  return {
    crop: sampleCrop(recipe.crop, width, height, random),
    flip: random.chance(recipe.flip),
    jitter: jitter ? sampleJitter(jitter, random) : NO_JITTER,
    grayscale: grayscale !== undefined && random.chance(grayscale),
    blurSigma: blur && random.chance(blur.probability) ? random.uniform(...blur.sigma) : 0,
    solarize: solarize !== undefined && random.chance(solarize.probability),
  };
}
