/**
 * The view recipes of a configuration: published ones by name, or those that it spells out.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import {
  byolViews,
  mildView,
  mocoV2View,
  mocoV3ResNetViews,
  mocoV3ViTViews,
  smallImageView,
  swavGlobalView,
  swavLocalView,
} from "./presets.ts";
import { checkViewRecipe } from "./check_recipe.ts";
import type { ViewRecipe } from "./recipe.ts";
import { nearestName } from "../../schema/nearest_name.ts";

const NAMED: Readonly<Record<string, (size: number) => readonly ViewRecipe[]>> = {
  simsiam: (size) => [mocoV2View(size), mocoV2View(size)],
  mocov2: (size) => [mocoV2View(size), mocoV2View(size)],
  "mocov3-resnet": (size) => mocoV3ResNetViews(size),
  "mocov3-vit": (size) => mocoV3ViTViews(size),
  byol: (size) => byolViews(size),
  // Local crops keep the published share of the global size, 96 of 224.
  swav: (size) => [
    ...Array.from({ length: 2 }, () => swavGlobalView(size)),
    ...Array.from({ length: 6 }, () => swavLocalView(Math.round((size * 96) / 224))),
  ],
  small: (size) => [smallImageView(size), smallImageView(size)],
  mild: (size) => [mildView(size), mildView(size)],
};

/** Names under which view recipes are published. */
export const viewNames: readonly string[] = Object.keys(NAMED);

/** What a configuration says of its views. */
export interface ViewChoice {
  /** A published name, or a recipe for each view. */
  readonly views: string | readonly ViewRecipe[];
  /** Height and width of the views, in pixels; recipes that are spelled out have their own. */
  readonly imageSize: number;
}

/**
 * The recipes of a configuration's views, in order.
 *
 * @throws {TypeError} if there are none of the name, or a recipe is malformed
 */
export function viewRecipes({ views, imageSize }: ViewChoice): readonly ViewRecipe[] {
  if (typeof views !== "string") {
    if (views.length === 0) {
      throw new GenviewTypeError(
        "Cannot build views: there must be at least one recipe, found none",
      );
    }
    return views.map((recipe, i) => checkViewRecipe(recipe, `views[${i}]`));
  }
  const named = Object.hasOwn(NAMED, views) ? NAMED[views] : undefined;
  if (named === undefined) {
    throw new GenviewTypeError(
      `Cannot build views "${views}": there are none of this name, the nearest are "${
        nearestName(views, viewNames)
      }" (known are ${viewNames.join(", ")})`,
    );
  }
  return named(imageSize);
}
