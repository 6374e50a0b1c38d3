/**
 * Checking of view recipes that come from outside, such as a manifest or a configuration.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { EvaluationRecipe, ViewRecipe } from "./recipe.ts";

type Check = (value: unknown, path: string, problems: string[]) => void;

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value) ?? String(value);
}

function number(low: number, high: number, exclusive = false): Check {
  const rule = `${exclusive ? "above" : "at least"} ${low} and at most ${high}`;
  return (value, path, problems) => {
    const inside = typeof value === "number" && value <= high &&
      (exclusive ? value > low : value >= low);
    if (!inside) problems.push(`${path} must be a number ${rule}, found ${show(value)}`);
  };
}

function integer(low: number): Check {
  return (value, path, problems) => {
    if (!Number.isSafeInteger(value) || (value as number) < low) {
      problems.push(`${path} must be an integer of at least ${low}, found ${show(value)}`);
    }
  };
}

function range(check: Check): Check {
  return (value, path, problems) => {
    if (!Array.isArray(value) || value.length !== 2) {
      problems.push(`${path} must be a list of two numbers, found ${show(value)}`);
      return;
    }
    const before = problems.length;
    value.forEach((bound, i) => check(bound, `${path}[${i}]`, problems));
    if (problems.length === before && value[0] > value[1]) {
      problems.push(`${path} must rise, found ${show(value)}`);
    }
  };
}

function channels(check: Check): Check {
  return (value, path, problems) => {
    if (!Array.isArray(value) || value.length !== 3) {
      problems.push(`${path} must be a list of three numbers, found ${show(value)}`);
    } else value.forEach((one, i) => check(one, `${path}[${i}]`, problems));
  };
}

const interpolation: Check = (value, path, problems) => {
  if (value !== "bilinear" && value !== "bicubic") {
    problems.push(`${path} must be "bilinear" or "bicubic", found ${show(value)}`);
  }
};

function record(
  required: Readonly<Record<string, Check>>,
  optional: Readonly<Record<string, Check>> = {},
): Check {
  return (value, path, problems) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      problems.push(`${path} must be an object, found ${show(value)}`);
      return;
    }
    const fields = value as Record<string, unknown>;
    for (const [name, check] of Object.entries(required)) {
      check(fields[name], `${path}.${name}`, problems);
    }
    for (const [name, check] of Object.entries(optional)) {
      if (fields[name] !== undefined) check(fields[name], `${path}.${name}`, problems);
    }
    for (const name of Object.keys(fields)) {
      if (!(name in required) && !(name in optional)) {
        const known = [...Object.keys(required), ...Object.keys(optional)].join(", ");
        problems.push(`${path}.${name} is not known; known are ${known}`);
      }
    }
  };
}

const probability = number(0, 1);
const positive = number(0, Number.MAX_VALUE, true);
const normalize = record({ mean: channels(number(0, 1)), std: channels(positive) });

const checkView = record({
  size: integer(1),
  crop: record({ area: range(number(0, 1, true)), aspect: range(positive), interpolation }),
  flip: probability,
  normalize,
}, {
  jitter: record({
    probability,
    brightness: number(0, Number.MAX_VALUE),
    contrast: number(0, Number.MAX_VALUE),
    saturation: number(0, Number.MAX_VALUE),
    hue: number(0, 0.5),
  }),
  grayscale: probability,
  blur: record({ probability, sigma: range(positive) }),
  solarize: record({ probability, threshold: number(0, 255) }),
});

const checkEvaluation = record({
  size: integer(1),
  shorterSide: integer(1),
  interpolation,
  normalize,
});

function reject(problems: readonly string[]): void {
  if (problems.length > 0) {
    throw new GenviewTypeError(`Cannot use a recipe: ${problems.join("; ")}`);
  }
}

/**
 * Checks that a value is a view recipe and gives it back as one.
 *
 * @param name what the problems call it, such as `views.left`
 * @throws {TypeError} if it is not, naming every field that is wrong
 */
export function checkViewRecipe(value: unknown, name = "recipe"): ViewRecipe {
  const problems: string[] = [];
  checkView(value, name, problems);
  reject(problems);
  return value as ViewRecipe;
}

/**
 * Checks that a value is an evaluation recipe and gives it back as one.
 *
 * @param name what the problems call it
 * @throws {TypeError} if it is not, naming every field that is wrong
 */
export function checkEvaluationRecipe(value: unknown, name = "recipe"): EvaluationRecipe {
  const problems: string[] = [];
  checkEvaluation(value, name, problems);
  const recipe = value as EvaluationRecipe;
  if (problems.length === 0 && recipe.shorterSide < recipe.size) {
    problems.push(
      `${name}.shorterSide must be at least the size ${recipe.size}, found ${recipe.shorterSide}`,
    );
  }
  reject(problems);
  return recipe;
}
