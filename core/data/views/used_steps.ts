/**
 * The steps that a recipe uses.
 *
 * @module
 */
import type { ViewRecipe } from "./recipe.ts";
import {
  GEOMETRIC_STEPS,
  type GeometricStep,
  PHOTOMETRIC_STEPS,
  type PhotometricStep,
  type StepRecipes,
} from "./steps/mod.ts";

/** A step with what a recipe says of it. */
export interface UsedStep<Step> {
  readonly step: Step;
  readonly recipe: unknown;
}

function usedOf<Step extends GeometricStep | PhotometricStep>(
  steps: readonly Step[],
  recipe: StepRecipes,
): UsedStep<Step>[] {
  return steps.flatMap((step) => {
    const own = recipe[step.name as keyof StepRecipes];
    return own !== undefined && step.isUsed(own) ? [{ step, recipe: own }] : [];
  });
}

/** The steps that may move the pixels of a recipe's views, in order. */
export function usedGeometricSteps(recipe: ViewRecipe): UsedStep<GeometricStep>[] {
  return usedOf(GEOMETRIC_STEPS, recipe);
}

/** The steps that may change the colours of a recipe's views, in order. */
export function usedPhotometricSteps(
  recipe: StepRecipes,
): UsedStep<PhotometricStep>[] {
  return usedOf(PHOTOMETRIC_STEPS, recipe);
}
