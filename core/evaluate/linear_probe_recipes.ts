/**
 * How published work trains its linear classifiers.
 *
 * @module
 */
import { counted } from "../schema/counted.ts";
import {
  lars,
  type Optimizer,
  type RunLength,
  scaledLearningRate,
  schedule,
  sgd,
} from "../engine/optim/mod.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { nearestName } from "../schema/nearest_name.ts";

/** How a linear classifier is trained. */
export interface LinearProbeRecipe {
  /** The letter that stands for it on a command line, such as `A`. */
  readonly letter: string;
  /** Whose recipe it is, and of which of their networks. */
  readonly source: string;
  /** Optimizer, with momentum 0.9. */
  readonly optimizer: "sgd" | "lars";
  /** Learning rate at `batchSize`, with which it scales. */
  readonly learningRate: number;
  /** Rows in a step. */
  readonly batchSize: number;
  /** Passes over the features. */
  readonly epochs: number;
  /** Weight decay of weight and bias. */
  readonly weightDecay: number;
  /** Learning-rate schedule: a cosine to zero by epoch, or epochs at which it is divided by ten. */
  readonly schedule: "cosine" | readonly number[];
}

const cosine = { schedule: "cosine", epochs: 90, weightDecay: 0 } as const;

/** Recipes by name. Momentum is 0.9 in all of them; `mmpretrain` trains the heads of GenView's networks by the first. */
export const LINEAR_PROBE_RECIPES: Readonly<Record<string, LinearProbeRecipe>> = {
  "lars": {
    letter: "A",
    source: "mmpretrain for SimSiam, BYOL and SwAV",
    optimizer: "lars",
    learningRate: 1.6,
    batchSize: 4096,
    ...cosine,
  },
  "moco-v3-resnet": {
    letter: "B",
    source: "MoCo v3 with a ResNet",
    optimizer: "sgd",
    learningRate: 0.4,
    batchSize: 1024,
    ...cosine,
  },
  "moco-v3-vit": {
    letter: "C",
    source: "MoCo v3 with a ViT",
    optimizer: "sgd",
    learningRate: 12,
    batchSize: 1024,
    ...cosine,
  },
  "moco-v2": {
    letter: "D",
    source: "MoCo v1 and v2",
    optimizer: "sgd",
    learningRate: 30,
    batchSize: 256,
    epochs: 100,
    weightDecay: 0,
    schedule: [60, 80],
  },
  "swav": {
    letter: "E",
    source: "SwAV's authors",
    optimizer: "sgd",
    learningRate: 0.3,
    batchSize: 256,
    epochs: 100,
    weightDecay: 1e-6,
    schedule: "cosine",
  },
  "lightly": {
    letter: "F",
    source: "lightly's benchmarks",
    optimizer: "sgd",
    learningRate: 0.1,
    batchSize: 256,
    ...cosine,
  },
};

/** A recipe and its name. */
export interface NamedLinearProbeRecipe {
  /** Its name in {@linkcode LINEAR_PROBE_RECIPES}. */
  readonly name: string;
  /** The recipe. */
  readonly recipe: LinearProbeRecipe;
}

/**
 * The recipe of a name or a letter.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { linearProbeRecipe } from "./linear_probe_recipes.ts";
 *
 * assertEquals(linearProbeRecipe("A").name, "lars");
 * ```
 *
 * @throws {TypeError} if there is none
 */
export function linearProbeRecipe(text: string): NamedLinearProbeRecipe {
  for (const [name, recipe] of Object.entries(LINEAR_PROBE_RECIPES)) {
    if (text === name || text === recipe.letter) return { name, recipe };
  }
  const names = Object.keys(LINEAR_PROBE_RECIPES);
  const known = names.map((name) => `${LINEAR_PROBE_RECIPES[name]!.letter} (${name})`);
  throw new GenviewTypeError(
    `Cannot train a linear probe by the recipe "${text}": it must be one of ${known.join(", ")}; ` +
      `the nearest is "${nearestName(text, names)}"`,
  );
}

/** How long a classifier is trained, and in which steps. */
export interface LinearProbeLength extends RunLength {
  /** Rows in a step. */
  readonly batchSize: number;
}

/** The optimizer of a recipe. */
export function probeOptimizer({ optimizer }: LinearProbeRecipe): Optimizer {
  return optimizer === "lars" ? lars() : sgd();
}

/** The learning rate of a recipe by step; in proportion to the batch. */
export function probeLearningRate(
  recipe: LinearProbeRecipe,
  { batchSize, ...run }: LinearProbeLength,
): (step: number) => number {
  const value = scaledLearningRate(recipe.learningRate, batchSize, recipe.batchSize);
  return schedule(
    recipe.schedule === "cosine"
      ? { kind: "cosine", value, per: "epoch" }
      : { kind: "step", value, milestones: recipe.schedule },
    run,
  );
}

/**
 * A recipe in words, with what is changed of it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeProbeRecipe, LINEAR_PROBE_RECIPES } from "./linear_probe_recipes.ts";
 *
 * assertEquals(
 *   describeProbeRecipe(LINEAR_PROBE_RECIPES["lars"]!, { batchSize: 1024, epochs: 90 }),
 *   "LARS 0.4 (1.6 by batch 4096), momentum 0.9, weight decay 0, batch 1024, 90 epochs, cosine by epoch " +
 *     "(mmpretrain for SimSiam, BYOL and SwAV)",
 * );
 * ```
 */
export function describeProbeRecipe(
  recipe: LinearProbeRecipe,
  { batchSize, epochs }: { readonly batchSize: number; readonly epochs: number },
): string {
  const rate = scaledLearningRate(recipe.learningRate, batchSize, recipe.batchSize);
  const scaled = batchSize === recipe.batchSize
    ? ""
    : ` (${recipe.learningRate} by batch ${recipe.batchSize})`;
  const length = epochs === recipe.epochs ? "" : ` instead of ${recipe.epochs}`;
  const course = recipe.schedule === "cosine"
    ? "cosine by epoch"
    : `divided by ten at epochs ${recipe.schedule.join(" and ")}`;
  return `${recipe.optimizer.toUpperCase()} ${
    Number(rate.toPrecision(4))
  }${scaled}, momentum 0.9, ` +
    `weight decay ${recipe.weightDecay}, batch ${batchSize}, ${
      counted(epochs, "epoch")
    }${length}, ${course} (${recipe.source})`;
}
