/**
 * How training images of a classifier are augmented.
 *
 * @module
 */
import type { EvaluationRecipe, ViewRecipe } from "../data/views/recipe.ts";

/**
 * The views that linear probes and fine-tuning are trained on: a crop of 8 % to 100 % of the image's area, as
 * torchvision's `RandomResizedCrop` has it by default, and the flip.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { evaluationView } from "../data/views/presets.ts";
 * import { supervisedView } from "./supervised_view.ts";
 *
 * assertEquals(supervisedView(evaluationView(224)).crop.area, [0.08, 1]);
 * ```
 *
 * @param test how test images are cut; size, interpolation and statistics are the same
 */
export function supervisedView({ size, interpolation, normalize }: EvaluationRecipe): ViewRecipe {
  return {
    size,
    crop: { area: [0.08, 1], aspect: [3 / 4, 4 / 3], interpolation },
    flip: 0.5,
    normalize,
  };
}
