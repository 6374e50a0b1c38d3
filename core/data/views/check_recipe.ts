/**
 * Checking of view recipes that come from outside, such as a manifest or a configuration.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { ObjectSchema } from "../../schema/schema.ts";
import { validate } from "../../schema/validate.ts";
import type { EvaluationRecipe, ViewRecipe } from "./recipe.ts";
import { STEPS } from "./steps/mod.ts";

const SIZE = { type: "integer", minimum: 1 } as const;
const POSITIVE = { type: "number", exclusiveMinimum: 0 } as const;
const INTERPOLATION = { enum: ["bilinear", "bicubic"] } as const;

/** A list of as many numbers. */
function numbers(count: number, items: object) {
  return { type: "array", items, minItems: count, maxItems: count };
}

/** An object that must have some fields and may have others. */
function record(required: ObjectSchema["properties"], optional: ObjectSchema["properties"] = {}) {
  return {
    type: "object",
    required: Object.keys(required),
    additionalProperties: false,
    properties: { ...required, ...optional },
  } as const;
}

const NORMALIZE = record({
  mean: numbers(3, { type: "number", minimum: 0, maximum: 1 }),
  std: numbers(3, POSITIVE),
});

/** JSON Schema of a view recipe; each step brings its own. A list of two numbers is a range, which must rise. */
export const viewRecipeSchema: ObjectSchema = record({
  size: SIZE,
  crop: record({
    area: numbers(2, { type: "number", exclusiveMinimum: 0, maximum: 1 }),
    aspect: numbers(2, POSITIVE),
    interpolation: INTERPOLATION,
  }),
  flip: { type: "number", minimum: 0, maximum: 1 },
  normalize: NORMALIZE,
}, Object.fromEntries(STEPS.map(({ name, schema }) => [name, schema])));

const EVALUATION = record({
  size: SIZE,
  shorterSide: SIZE,
  interpolation: INTERPOLATION,
  normalize: NORMALIZE,
});

/** Without the fields that are there and hold nothing, which JSON has not. */
function defined(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, defined(field)]));
}

/** Ranges among the fields of a recipe that fall. */
function fallingRanges(value: object, path: string): string[] {
  return Object.entries(value).flatMap(([name, field]) => {
    const here = `${path}.${name}`;
    if (!Array.isArray(field)) {
      return typeof field === "object" && field !== null ? fallingRanges(field, here) : [];
    }
    const falls = field.length === 2 && field[0] > field[1];
    return falls ? [`${here} must rise, found ${JSON.stringify(field)}`] : [];
  });
}

function check<Recipe extends object>(schema: object, value: unknown, name: string): Recipe {
  const recipe = validate<Recipe>(schema, defined(value), "use a recipe", name);
  const problems = fallingRanges(recipe, name);
  if (problems.length === 0) return recipe;
  throw new GenviewTypeError(`Cannot use a recipe: ${problems.join("; ")}`);
}

/**
 * Checks that a value is a view recipe.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkViewRecipe } from "./check_recipe.ts";
 * import { smallImageView } from "./presets.ts";
 *
 * const recipe = { ...smallImageView(32), rotation: { degrees: 15 } };
 * assertEquals(checkViewRecipe(JSON.parse(JSON.stringify(recipe))), recipe);
 * ```
 *
 * @param name what the problems call it, such as `views.left`
 * @returns a copy
 * @throws {TypeError} if it is not, naming every field that is wrong
 */
export function checkViewRecipe(value: unknown, name = "recipe"): ViewRecipe {
  return check(viewRecipeSchema, value, name);
}

/**
 * Checks that a value is an evaluation recipe.
 *
 * @param name what the problems call it
 * @returns a copy
 * @throws {TypeError} if it is not, naming every field that is wrong
 */
export function checkEvaluationRecipe(value: unknown, name = "recipe"): EvaluationRecipe {
  const recipe = check<EvaluationRecipe>(EVALUATION, value, name);
  if (recipe.shorterSide >= recipe.size) return recipe;
  throw new GenviewTypeError(
    `Cannot use a recipe: ${name}.shorterSide must be at least the size ${recipe.size}, found ${recipe.shorterSide}`,
  );
}
