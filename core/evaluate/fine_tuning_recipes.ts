/**
 * How published work fine-tunes a whole network with labels.
 *
 * @module
 */
import { counted } from "../schema/counted.ts";
import type { RandAugmentRecipe } from "../data/views/steps/mod.ts";
import type { ScheduleDescription } from "../engine/optim/mod.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { nearestName } from "../schema/nearest_name.ts";

/** The course of a learning rate, without its value. */
export type RateCourse = ScheduleDescription extends infer Kind
  ? Kind extends ScheduleDescription ? Omit<Kind, "value"> : never
  : never;

/** How a whole network is fine-tuned. */
export interface FineTuningRecipe {
  /** Whose recipe it is. */
  readonly source: string;
  /** Optimizer: SGD has momentum 0.9, as `nesterov` with Nesterov's; AdamW has betas 0.9 and 0.999. */
  readonly optimizer: "sgd" | "nesterov" | "adamw";
  /** Learning rate of the backbone at `batchSize`, with which it scales. */
  readonly learningRate: number;
  /** Learning rate of the classifier at `batchSize`. */
  readonly classifierLearningRate: number;
  /** Images in a step. */
  readonly batchSize: number;
  /** Passes over the labelled images. */
  readonly epochs: number;
  /** Weight decay of all but biases, norms, class tokens and positions. */
  readonly weightDecay: number;
  /** Course of the learning rates. */
  readonly course: RateCourse;
  /** Share of the target that is spread over all classes. */
  readonly labelSmoothing: number;
  /** Standard deviation of the classifier's initial weight; truncated at 2 for AdamW's recipes. */
  readonly classifierDeviation: number;
  /** Beta parameters of mixup and cutmix, of which one is drawn for each step; no mixing when left out. */
  readonly mixing?: { readonly mixup: number; readonly cutmix: number };
  /** Probability that a residual branch of a transformer's last block is left out; none is when left out. */
  readonly dropPath?: number;
  /** Largest norm of the whole gradient; any when left out. */
  readonly clipGradientNorm?: number;
  /** Share of the new weights in a moving average of them, which is what is tested; the weights themselves otherwise. */
  readonly averageRate?: number;
  /** Operations that are drawn for each training image; none when left out. */
  readonly randAugment?: Required<Pick<RandAugmentRecipe, "layers" | "magnitude" | "deviation">>;
  /** Probability that a rectangle of a training image becomes noise (default 0). */
  readonly noiseErasing?: number;
}

const plain = {
  weightDecay: 0,
  labelSmoothing: 0,
  classifierDeviation: 0.01,
} as const;

/** SwAV's recipe for 1 % and 10 % of the labels: they differ in the learning rates alone. */
function swav(share: number): FineTuningRecipe {
  const few = share < 0.05;
  return {
    ...plain,
    source: "SwAV's authors, eval_semisup.py",
    optimizer: "sgd",
    learningRate: few ? 0.02 : 0.01,
    classifierLearningRate: few ? 5 : 0.2,
    batchSize: 256,
    epochs: 20,
    course: { kind: "step", milestones: [12, 16], factor: 0.2 },
  };
}

/** SimCLR's recipe: 60 epochs for 1 % of the labels, 30 for 10 %, and as many here for more. */
function simclr(share: number): FineTuningRecipe {
  return {
    ...plain,
    source: "SimCLR, appendix B.5",
    optimizer: "nesterov",
    learningRate: 0.8,
    classifierLearningRate: 0.8,
    batchSize: 4096,
    epochs: share < 0.05 ? 60 : 30,
    course: { kind: "cosine" },
  };
}

/** The recipe of Barlow Twins' authors, stated for 1 % of the labels. */
function barlowTwins(): FineTuningRecipe {
  return {
    ...plain,
    source: "Barlow Twins' authors, evaluate.py, for 1 % of the labels",
    optimizer: "sgd",
    learningRate: 0.002,
    classifierLearningRate: 0.5,
    batchSize: 256,
    epochs: 20,
    course: { kind: "cosine", per: "epoch" },
  };
}

/** mmpretrain's end-to-end recipe of MoCo v3's ViT-B. */
function vit(): FineTuningRecipe {
  return {
    source: "mmpretrain for MoCo v3's ViT-B, vit-base-p16_8xb64-coslr-150e_in1k",
    optimizer: "adamw",
    learningRate: 5e-4,
    classifierLearningRate: 5e-4,
    batchSize: 512,
    epochs: 150,
    weightDecay: 0.05,
    course: { kind: "cosine", end: 1e-5, warmup: { epochs: 5, startFactor: 1e-3 } },
    labelSmoothing: 0.1,
    classifierDeviation: 0.02,
    mixing: { mixup: 0.8, cutmix: 1 },
    dropPath: 0.1,
    clipGradientNorm: 5,
    averageRate: 4e-5,
    randAugment: { layers: 2, magnitude: 9, deviation: 0.5 },
    noiseErasing: 0.25,
  };
}

/** Recipes by name, for a share of the labels in (0, 1]. */
export const FINE_TUNING_RECIPES: Readonly<Record<string, (share: number) => FineTuningRecipe>> = {
  swav,
  simclr,
  "barlow-twins": barlowTwins,
  vit,
};

/**
 * The recipe of a name.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fineTuningRecipe } from "./fine_tuning_recipes.ts";
 *
 * assertEquals(fineTuningRecipe("swav", 0.01).classifierLearningRate, 5);
 * assertEquals(fineTuningRecipe("swav", 0.1).classifierLearningRate, 0.2);
 * ```
 *
 * @param share share of the labels, in (0, 1]
 * @throws {TypeError} if there is none
 */
export function fineTuningRecipe(name: string, share: number): FineTuningRecipe {
  if (Object.hasOwn(FINE_TUNING_RECIPES, name)) return FINE_TUNING_RECIPES[name]!(share);
  const names = Object.keys(FINE_TUNING_RECIPES);
  throw new GenviewTypeError(
    `Cannot fine-tune by the recipe "${name}": it must be one of ${names.join(", ")}; ` +
      `the nearest is "${nearestName(name, names)}"`,
  );
}

const rounded = (value: number) => Number(value.toPrecision(4));

function describeCourse(course: RateCourse): string {
  const warmup = course.warmup === undefined ? "" : ` after ${course.warmup.epochs} of warm-up`;
  switch (course.kind) {
    case "constant":
      return `constant${warmup}`;
    case "cosine":
      return `cosine by ${course.per ?? "iteration"}${warmup}`;
    case "step":
      return `times ${course.factor ?? 0.1} at epochs ${course.milestones.join(" and ")}${warmup}`;
  }
}

/**
 * A recipe in words, with what is changed of it and the part of a batch that the device takes at once.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeFineTuning, fineTuningRecipe } from "./fine_tuning_recipes.ts";
 *
 * assertEquals(
 *   describeFineTuning(fineTuningRecipe("swav", 0.1), { batchSize: 128, epochs: 20 }),
 *   "SGD 0.005 (classifier 0.1; 0.01 and 0.2 by batch 256), momentum 0.9, weight decay 0, batch 128, 20 epochs, " +
 *     "times 0.2 at epochs 12 and 16 (SwAV's authors, eval_semisup.py)",
 * );
 * ```
 */
export function describeFineTuning(
  recipe: FineTuningRecipe,
  { batchSize, deviceBatchSize = batchSize, epochs }: {
    readonly batchSize: number;
    readonly deviceBatchSize?: number;
    readonly epochs: number;
  },
): string {
  const factor = batchSize / recipe.batchSize;
  const { learningRate: rate, classifierLearningRate: classifier, mixing, randAugment } = recipe;
  const apart = classifier !== rate;
  const stated = apart ? `${rate} and ${classifier}` : `${rate}`;
  const notes = [
    ...(apart ? [`classifier ${rounded(classifier * factor)}`] : []),
    ...(factor === 1 ? [] : [`${stated} by batch ${recipe.batchSize}`]),
  ];
  const optimizer = recipe.optimizer === "adamw"
    ? "AdamW"
    : recipe.optimizer === "nesterov"
    ? "Nesterov SGD"
    : "SGD";
  return [
    `${optimizer} ${rounded(rate * factor)}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`,
    ...(recipe.optimizer === "adamw" ? [] : ["momentum 0.9"]),
    `weight decay ${recipe.weightDecay}`,
    `batch ${batchSize}${
      deviceBatchSize === batchSize
        ? ""
        : ` in parts of ${deviceBatchSize}, within each of which batch norm normalises`
    }`,
    `${counted(epochs, "epoch")}${epochs === recipe.epochs ? "" : ` instead of ${recipe.epochs}`}`,
    describeCourse(recipe.course),
    ...(recipe.labelSmoothing > 0 ? [`label smoothing ${recipe.labelSmoothing}`] : []),
    ...(randAugment
      ? [
        `RandAugment of ${randAugment.layers} operations by ${randAugment.magnitude} ± ${randAugment.deviation}`,
      ]
      : []),
    ...(recipe.noiseErasing ? [`erasing with noise ${recipe.noiseErasing}`] : []),
    ...(mixing ? [`mixup ${mixing.mixup} or cutmix ${mixing.cutmix}`] : []),
    ...(recipe.dropPath ? [`drop path ${recipe.dropPath}`] : []),
    ...(recipe.clipGradientNorm ? [`gradient norm at most ${recipe.clipGradientNorm}`] : []),
    ...(recipe.averageRate ? [`moving average ${recipe.averageRate} of the weights`] : []),
  ].join(", ") + ` (${recipe.source})`;
}
