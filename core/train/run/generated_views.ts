/**
 * Views that are cut from variations, as a configuration asks for them.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { ViewBatch } from "../../data/loader/view_loader.ts";
import type { VariationOptions } from "../../data/variations.ts";
import type { ViewRecipe } from "../../data/views/recipe.ts";
import type { Configuration } from "../../method/configuration.ts";

/** The options of a configuration that say which views are cut from variations. */
export type VariationChoice = Pick<
  Configuration,
  "variationProbability" | "variationViews" | "variationsPerImage" | "variationLocals"
>;

/** The views of the largest size. */
function globalViews(recipes: readonly ViewRecipe[]): number[] {
  const largest = Math.max(...recipes.map(({ size }) => size));
  return [...recipes.keys()].filter((view) => recipes[view]!.size === largest);
}

/** The views of which some are cut from variations; undefined of all. */
function candidatesOf(
  { variationViews }: VariationChoice,
  recipes: readonly ViewRecipe[],
): readonly number[] | undefined {
  if (typeof variationViews === "string") return globalViews(recipes);
  const unknown = variationViews.find((view) => view >= recipes.length);
  if (unknown !== undefined) {
    throw new GenviewRangeError(
      `Cannot cut views from variations: --variation-views must be in [0, ${recipes.length}), found ${unknown}`,
    );
  }
  return variationViews.length > 0 ? variationViews : undefined;
}

/** The views that are cut from the variation of a global view; undefined if there are none. */
function followersOf(
  { variationViews, variationLocals }: VariationChoice,
  recipes: readonly ViewRecipe[],
): readonly number[] | undefined {
  if (variationLocals === "image") return undefined;
  const globals = new Set(globalViews(recipes));
  if (variationViews !== "global" || globals.size === recipes.length) {
    throw new GenviewRangeError(
      "Cannot cut local views from variations: --variation-locals variation needs --variation-views global, and views " +
        `that are smaller than those, found ${JSON.stringify(variationViews)} and ${
          recipes.length - globals.size
        } local views`,
    );
  }
  return [...recipes.keys()].filter((view) => !globals.has(view));
}

/**
 * How variations stand in for images by a configuration.
 *
 * @param recipes of the views of a sample
 * @throws {RangeError} if it names a view that there is not, or wants more views of variations than there may be
 */
export function configuredVariations(
  choice: VariationChoice,
  recipes: readonly ViewRecipe[],
): VariationOptions {
  const views = candidatesOf(choice, recipes);
  const followers = followersOf(choice, recipes);
  const { variationProbability: probability, variationsPerImage: count } = choice;
  const most = new Set(views ?? recipes.keys()).size;
  if (count > most) {
    throw new GenviewRangeError(
      `Cannot cut views from variations: --variations-per-image must be at most the ${most} views that may be cut ` +
        `from them, found ${count}`,
    );
  }
  return {
    probability,
    ...(views && { views }),
    ...(count > 1 && { count }),
    ...(followers && { followers }),
  };
}

/** The share of a batch's views that were cut from variations. */
export function generatedShare({ variationOfView: { data } }: ViewBatch): number {
  return data.filter((variation) => variation >= 0).length / data.length;
}
