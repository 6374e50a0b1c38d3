/**
 * How training images of a classifier are augmented.
 *
 * @module
 */
import type { EvaluationRecipe, ViewRecipe } from "../data/views/recipe.ts";
import type { FineTuningRecipe } from "./fine_tuning_recipes.ts";

/** A channel's statistics as levels in [0, 255]. */
function levels(
  of: readonly [number, number, number],
  round: (level: number) => number = (level) => level,
): [red: number, green: number, blue: number] {
  const [red, green, blue] = of;
  return [round(255 * red), round(255 * green), round(255 * blue)];
}

/**
 * The views that linear probes and fine-tuning are trained on: a crop of 8 % to 100 % of the image's area, as
 * torchvision's `RandomResizedCrop` has it by default, and the flip; and RandAugment, which fills up with the mean colour,
 * and erasing with noise of the images' statistics, where they are asked for.
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
 * @param strong what is done beside
 */
export function supervisedView(
  { size, interpolation, normalize }: EvaluationRecipe,
  { randAugment, noiseErasing = 0 }: Pick<FineTuningRecipe, "randAugment" | "noiseErasing"> = {},
): ViewRecipe {
  const { mean, std } = normalize;
  return {
    size,
    crop: { area: [0.08, 1], aspect: [3 / 4, 4 / 3], interpolation },
    flip: 0.5,
    normalize,
    ...(randAugment && { randAugment: { ...randAugment, fill: levels(mean, Math.round) } }),
    ...(noiseErasing > 0 && {
      noiseErasing: { probability: noiseErasing, mean: levels(mean), std: levels(std) },
    }),
  };
}
