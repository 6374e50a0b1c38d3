/**
 * The view recipes of a configuration: published ones by name, with parameters or without, or those that it spells out.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { nearestName } from "../../schema/nearest_name.ts";
import { validate } from "../../schema/validate.ts";
import { checkViewRecipe } from "./check_recipe.ts";
import {
  barlowTwinsViews,
  byolViews,
  CLIP_NORMALIZATION,
  dinoGlobalViews,
  dinoLocalView,
  IMAGENET_NORMALIZATION,
  mildLocalView,
  mildView,
  mocoV2View,
  mocoV3ResNetViews,
  mocoV3ViTViews,
  type PresetOptions,
  simClrSmallView,
  simClrView,
  smallImageView,
  swavGlobalView,
  swavLocalView,
  vicRegViews,
  withoutBlur,
} from "./presets.ts";
import type { Range } from "./range.ts";
import type { ViewRecipe } from "./recipe.ts";
import { type ViewPreset, viewPresetSchema, type Views } from "./view_preset.ts";

/** Views that are published under one name. */
interface PublishedViews {
  /** The global views, which take turns where more are asked for. */
  globals(size: number, options: PresetOptions): readonly ViewRecipe[];
  /** One local view, where there are any. */
  local?(size: number, options: PresetOptions): ViewRecipe;
  /** Local views where no number is asked for; none when left out. */
  readonly locals?: number;
}

/** Published views at the size of ImageNet. */
const FULL_SIZE = {
  simsiam: { globals: (size, options) => [mocoV2View(size, options)] },
  mocov2: { globals: (size, options) => [mocoV2View(size, options)] },
  "mocov3-resnet": { globals: mocoV3ResNetViews },
  "mocov3-vit": { globals: mocoV3ViTViews },
  byol: { globals: byolViews },
  swav: {
    globals: (size, options) => [swavGlobalView(size, options)],
    local: swavLocalView,
    locals: 6,
  },
  simclr: { globals: (size, options) => [simClrView(size, options)] },
  "barlow-twins": { globals: barlowTwinsViews },
  vicreg: { globals: vicRegViews },
  dino: { globals: dinoGlobalViews, local: dinoLocalView, locals: 8 },
} as const satisfies Record<string, PublishedViews>;

/**
 * Views at 32 to 64 pixels, without blur and, unless they are asked for, without local views.
 *
 * Source: lightly's CIFAR-10 benchmark and solo-learn's `scripts/pretrain/cifar/augmentations/asymmetric.yaml`, which
 * leave both out and keep the rest.
 */
function small({ globals, local }: PublishedViews): PublishedViews {
  return {
    globals: (size, options) => globals(size, options).map(withoutBlur),
    ...(local && { local: (size, options) => withoutBlur(local(size, options)) }),
  };
}

const NAMED: Readonly<Record<string, PublishedViews>> = {
  ...FULL_SIZE,
  ...Object.fromEntries(
    Object.entries(FULL_SIZE).map(([name, views]) => [`${name}-small`, small(views)]),
  ),
  "simclr-small": { globals: (size, options) => [simClrSmallView(size, options)] },
  small: { globals: (size, options) => [smallImageView(size, options)] },
  mild: {
    globals: (size, options) => [mildView(size, options)],
    local: mildLocalView,
  },
};

/** Names under which view recipes are published. */
export const viewNames: readonly string[] = Object.keys(NAMED);

/** Share of the global size that local views have: 96 of 224 (Caron et al. 2020, SwAV; Caron et al. 2021, DINO). */
const LOCAL_SHARE = 96 / 224;

/** What a configuration says of its views. */
export interface ViewChoice {
  /** A published name, that with parameters, or a recipe for each view. */
  readonly views: Views;
  /** Height and width of the (global) views, in pixels; recipes that are spelled out have their own. */
  readonly imageSize: number;
}

function publishedViews(name: string): PublishedViews {
  if (Object.hasOwn(NAMED, name)) return NAMED[name]!;
  if (/^\s*[[{]/.test(name)) {
    throw new GenviewTypeError(
      `Cannot build views: what begins with a bracket must be JSON, such as {"preset": "swav", "locals": 4}, found ${name}`,
    );
  }
  throw new GenviewTypeError(
    `Cannot build views "${name}": there are none of this name, the nearest are "${
      nearestName(name, viewNames)
    }" (known are ${viewNames.join(", ")})`,
  );
}

/** Refuses what is asked of local views that there are not, or that would be global ones by their size. */
function checkLocals(
  preset: ViewPreset,
  { local }: PublishedViews,
  count: number,
  imageSize: number,
): void {
  const { preset: name, localSize, localArea } = preset;
  if (localSize !== undefined && localSize >= imageSize) {
    throw new GenviewTypeError(
      `Cannot build views "${name}": localSize must be smaller than the global views' size ${imageSize}, found ` +
        `${localSize}`,
    );
  }
  if (local === undefined && count > 0) {
    const others = viewNames.filter((other) => NAMED[other]!.local !== undefined);
    throw new GenviewTypeError(
      `Cannot build views "${name}": local views have only ${
        others.join(", ")
      }, found locals ${count}`,
    );
  }
  const idle = localSize !== undefined ? "localSize" : localArea && "localArea";
  if (count > 0 || idle === undefined) return;
  throw new GenviewTypeError(
    `Cannot build views "${name}": ${idle} is of local views, found none of them; ${
      local === undefined ? "leave it out" : "ask for some by locals"
    }`,
  );
}

function showing(recipe: ViewRecipe, area: Range | undefined): ViewRecipe {
  return area === undefined ? recipe : { ...recipe, crop: { ...recipe.crop, area } };
}

function recipesOf(preset: ViewPreset, imageSize: number): readonly ViewRecipe[] {
  const published = publishedViews(preset.preset);
  const { views = 2, locals = published.locals ?? 0, area, localArea } = preset;
  checkLocals(preset, published, locals, imageSize);
  const { localSize = Math.max(1, Math.round(LOCAL_SHARE * imageSize)) } = preset;
  const options = {
    normalize: preset.normalize === "clip" ? CLIP_NORMALIZATION : IMAGENET_NORMALIZATION,
  };
  const globals = published.globals(imageSize, options);
  return [
    ...Array.from({ length: views }, (_, v) => showing(globals[v % globals.length]!, area)),
    ...Array.from(
      { length: locals },
      () => showing(published.local!(localSize, options), localArea),
    ),
  ];
}

/**
 * The recipes of a configuration's views, in order: global views first.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { viewRecipes } from "./named_views.ts";
 *
 * const recipes = viewRecipes({ views: { preset: "swav", locals: 4 }, imageSize: 224 });
 * assertEquals(recipes.map(({ size }) => size), [224, 224, 96, 96, 96, 96]);
 * ```
 *
 * @throws {TypeError} if there are none of the name, a parameter is out of range or of views that there are not, or a
 * recipe is malformed
 */
export function viewRecipes({ views, imageSize }: ViewChoice): readonly ViewRecipe[] {
  if (typeof views === "string") return recipesOf({ preset: views }, imageSize);
  if (!isList(views)) {
    const preset = validate<ViewPreset>(viewPresetSchema, views, "build views", "views");
    return recipesOf(preset, imageSize).map((recipe) => checkViewRecipe(recipe, preset.preset));
  }
  if (views.length === 0) {
    throw new GenviewTypeError("Cannot build views: there must be at least one recipe, found none");
  }
  const recipes = views.map((recipe, i) => checkViewRecipe(recipe, `views[${i}]`));
  checkOrder(recipes);
  return recipes;
}

/** Global views are told from local ones by their size and their place. */
function checkOrder(recipes: readonly ViewRecipe[]): void {
  const wrong = recipes.findIndex(({ size }, i) => i > 0 && size > recipes[i - 1]!.size);
  if (wrong === -1) return;
  throw new GenviewTypeError(
    `Cannot build views: larger views must come before smaller ones, found views[${wrong}] of size ${
      recipes[wrong]!.size
    } behind one of ${recipes[wrong - 1]!.size}`,
  );
}

/** `Array.isArray` leaves read-only lists out. */
function isList(views: ViewPreset | readonly ViewRecipe[]): views is readonly ViewRecipe[] {
  return Array.isArray(views);
}
