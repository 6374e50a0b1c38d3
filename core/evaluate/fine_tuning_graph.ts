/**
 * The graphs of fine-tuning: the step that trains backbone and classifier, and the logits that are tested.
 *
 * @module
 */
import type { Backbone } from "../backbones/backbone.ts";
import { currentTarget } from "../engine/graph/target.ts";
import { int64 } from "../engine/graph/tensor.ts";
import { constant, input, type Value } from "../engine/graph/value.ts";
import {
  constantInitializer,
  normalInitializer,
  truncatedNormalInitializer,
} from "../engine/nn/initializers.ts";
import { linear } from "../engine/nn/linear.ts";
import { Scope } from "../engine/nn/scope.ts";
import { add } from "../engine/ops/add.ts";
import { gather } from "../engine/ops/gather.ts";
import { mul } from "../engine/ops/mul.ts";
import { oneHot } from "../engine/ops/one_hot.ts";
import { reduceMean } from "../engine/ops/reduce_mean.ts";
import { sub } from "../engine/ops/sub.ts";
import {
  adamW,
  type Optimizer,
  type ParameterRule,
  pieceLengthFor,
  sgd,
} from "../engine/optim/mod.ts";
import { buildStep, type BuiltStep } from "../engine/step/mod.ts";
import { type ImageEncoderOptions, imageInput } from "../encoders/image_encoder.ts";
import { crossEntropy } from "../losses/cross_entropy.ts";
import { dropPathName } from "./drop_path.ts";
import type { FineTuningRecipe } from "./fine_tuning_recipes.ts";

/** What is fine-tuned. */
export interface FineTuningGraphOptions
  extends Pick<ImageEncoderOptions, "batchSize" | "size" | "normalize"> {
  /** The network. */
  readonly backbone: Backbone;
  /** Number of classes. */
  readonly classes: number;
  /** How it is trained. */
  readonly recipe: FineTuningRecipe;
  /** Batches of `batchSize` images that a step takes one after the other (default 1). */
  readonly microBatches?: number;
}

/** The step of {@linkcode buildFineTuning}. */
export interface FineTuningGraph {
  /** Declares backbone and classifier. */
  readonly scope: Scope;
  /**
   * The step: its batch are `images` uint8 `[N,S,S,3]`, `labels` int64 `[N]`, and `mask` float32 `[S,S]` where images
   * are mixed, and `drop_path.I` float32 `[N,1,1]` for each residual branch that may be left out; its scalars `learning_rate`, `weight_decay` and `average_rate` as far as the recipe has them.
   */
  readonly step: BuiltStep;
  /** Number of residual branches that may be left out; 0 where the recipe leaves none out, or there are none. */
  readonly branches: number;
}

/** Name of the classifier under which its weight and bias lie. */
const CLASSIFIER = "classifier";

/** What stands before the name of a parameter's moving average. */
const AVERAGE = "average.";

/** Name of a parameter's moving average. */
export function averageName(name: string): string {
  return AVERAGE + name;
}

/** The features of normalised images, classified. */
export function classify(
  scope: Scope,
  normalized: Value,
  { backbone, classes, recipe }: Pick<FineTuningGraphOptions, "backbone" | "classes" | "recipe">,
): Value {
  const features = scope.enter("backbone", (inner) => backbone.apply(inner, normalized));
  const { classifierDeviation: deviation, optimizer } = recipe;
  return linear(scope, CLASSIFIER, features, {
    width: classes,
    weightInitializer: optimizer === "adamw"
      ? truncatedNormalInitializer(deviation)
      : normalInitializer(deviation),
    biasInitializer: constantInitializer(0),
  });
}

/** Each row in the place of the last but so many. */
function reversed(x: Value): Value {
  const count = x.shape[0]!;
  const rows = Array.from({ length: count }, (_, row) => count - 1 - row);
  return gather(x, constant(int64([count], rows)), { unique: true });
}

/** `share x + (1 - share) x reversed`. */
function mixed(x: Value, share: Value): Value {
  return add(mul(x, share), mul(reversed(x), sub(1, share)));
}

/** One-hot targets of which a share is spread over all classes. */
function smoothed(target: Value, classes: number, smoothing: number): Value {
  return smoothing === 0 ? target : add(mul(target, 1 - smoothing), smoothing / classes);
}

/** The optimizer of a recipe. */
export function fineTuningOptimizer({ optimizer }: FineTuningRecipe): Optimizer {
  return optimizer === "adamw" ? adamW() : sgd({ nesterov: optimizer === "nesterov" });
}

/** No decay of biases, norms, class tokens and positions; and the classifier's own learning rate. */
function rulesOf(
  parameters: readonly { readonly name: string; readonly value: Value }[],
  { learningRate, classifierLearningRate }: FineTuningRecipe,
): ParameterRule[] {
  return parameters.flatMap(({ name, value }) => {
    const fixed = value.rank < 2 || /(^|\.)(cls_token|pos_embed)$/.test(name);
    const own = name.startsWith(`${CLASSIFIER}.`) && classifierLearningRate !== learningRate;
    if (!fixed && !own) return [];
    return [{
      pattern: name,
      ...(fixed && { weightDecayScale: 0 }),
      ...(own && { learningRateScale: classifierLearningRate / learningRate }),
    }];
  });
}

/**
 * Builds the step of a whole network under a classifier. Batch norms normalise by their batches and move their running
 * statistics; by micro-batches, by each of them, and of the target's ranks, by what all of them take at once. What a backbone keeps fixed while it is pretrained, such as MoCo v3's patch embedding, is trained.
 */
export function buildFineTuning(options: FineTuningGraphOptions): FineTuningGraph {
  const { batchSize, size, classes, recipe, microBatches = 1 } = options;
  const { mixing, averageRate, clipGradientNorm, labelSmoothing, weightDecay } = recipe;
  const { images, normalized } = imageInput(options);
  const labels = input("labels", "int64", [batchSize]);
  const mask = mixing && input("mask", "float32", [size, size]);
  const kept: Value[] = [];
  const residualBranch = (branch: Value) => {
    kept.push(input(dropPathName(kept.length), "float32", [batchSize, 1, 1]));
    return mul(branch, kept.at(-1)!);
  };
  const scope = new Scope({
    training: true,
    syncBatchNorm: true,
    ...(recipe.dropPath && { residualBranch }),
  });
  const logits = classify(scope, mask ? mixed(normalized, mask) : normalized, options);
  const target = smoothed(oneHot(labels, classes), classes, labelSmoothing);
  const loss = crossEntropy(logits, mask ? mixed(target, reduceMean(mask)) : target);
  const declarations = [...scope.declarations.values()];
  const trained = declarations.filter(({ kind }) => kind !== "buffer");
  const averages = averageRate === undefined ? [] : trained.map(({ name, value }) => ({
    target: input(averageName(name), value.dtype, value.shape),
    source: name,
  }));
  const step = buildStep({
    loss,
    batch: [images, labels, ...(mask ? [mask] : []), ...kept],
    parameters: trained.map(({ value }) => value),
    state: [...declarations.map(({ value }) => value), ...averages.map(({ target }) => target)],
    buffers: scope.written,
    optimizer: fineTuningOptimizer(recipe),
    rules: rulesOf(trained, recipe),
    weightDecay: weightDecay > 0,
    exponentialMovingAverages: averages,
    pieceLength: pieceLengthFor(currentTarget().provider),
    microBatches,
    ...(clipGradientNorm !== undefined && { clipGradientNorm }),
  });
  return { scope, step, branches: kept.length };
}
