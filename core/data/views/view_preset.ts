/**
 * Published view recipes with parameters, and what a configuration may say of its views.
 *
 * @module
 */
import type { ObjectSchema } from "../../schema/schema.ts";
import type { Range } from "./range.ts";
import type { ViewRecipe } from "./recipe.ts";

/** Published view recipes, in numbers and sizes of one's own. */
export interface ViewPreset {
  /** Name under which they are published. */
  readonly preset: string;
  /**
   * Global views; two by default. Where the first and the second differ, as BYOL's do, they take turns: the third is
   * sampled as the first.
   */
  readonly views?: number;
  /** Local views, of recipes that have them; as many as published by default. */
  readonly locals?: number;
  /** Height and width of the local views in pixels; 96/224 of the image size by default. */
  readonly localSize?: number;
  /** Fraction of the image's area that a global view shows; as published by default. */
  readonly area?: Range;
  /** Fraction of the image's area that a local view shows; as published by default. */
  readonly localArea?: Range;
  /** Statistics that the pixels are normalised with (default `imagenet`); GenView's pretraining uses `clip`. */
  readonly normalize?: "imagenet" | "clip";
}

/** What a configuration says of its views: a published name, that with parameters, or a recipe for each view. */
export type Views = string | ViewPreset | readonly ViewRecipe[];

const AREA = {
  type: "array",
  items: { type: "number", exclusiveMinimum: 0, maximum: 1 },
  minItems: 2,
  maxItems: 2,
} as const;

/** JSON Schema of a {@linkcode ViewPreset}. */
export const viewPresetSchema: ObjectSchema = {
  type: "object",
  required: ["preset"],
  additionalProperties: false,
  properties: {
    preset: { type: "string", description: "name of published view recipes" },
    views: { type: "integer", minimum: 1, description: "global views" },
    locals: { type: "integer", minimum: 0, description: "local views" },
    localSize: {
      type: "integer",
      minimum: 1,
      description: "height and width of the local views in pixels",
    },
    area: { ...AREA, description: "fraction of the image's area that a global view shows" },
    localArea: { ...AREA, description: "fraction of the image's area that a local view shows" },
    normalize: {
      enum: ["imagenet", "clip"],
      description: "statistics that the pixels are normalised with",
    },
  },
};
