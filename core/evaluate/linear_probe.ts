/**
 * Linear classification of frozen features, the usual measure of how good they are.
 *
 * @module
 */
import { type ProcessGroup, rankPart } from "../distributed/mod.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import { RandomStream } from "../engine/random/random_stream.ts";
import { checkLabels, type LabeledFeatures, occurringClasses } from "./labeled_features.ts";
import { LinearClassifier } from "./linear_classifier.ts";
import {
  LINEAR_PROBE_RECIPES,
  type LinearProbeRecipe,
  probeLearningRate,
  probeOptimizer,
} from "./linear_probe_recipes.ts";
import { HitCount } from "./ranking.ts";
import type { ComputeOptions } from "./similarities.ts";

/** Options of {@linkcode linearProbe}. */
export interface LinearProbeOptions extends ComputeOptions {
  /** How to train (default the recipe `lightly`). */
  readonly recipe?: LinearProbeRecipe;
  /** Rows in a step (default the recipe's, or all rows if there are fewer); the learning rate scales with it. */
  readonly batchSize?: number;
  /** Passes over the features (default the recipe's). */
  readonly epochs?: number;
  /** Seed of the initial weight and of the order of rows (default 0). */
  readonly seed?: number;
  /** Whether each coordinate is brought to mean 0 and variance 1 over the training features (default false). */
  readonly standardize?: boolean;
  /** Ranks that train and test together, each on a part of the rows; all of them have all features. */
  readonly group?: ProcessGroup | undefined;
  /** Called with the mean loss after each epoch. */
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

/** Accuracy, predictions and losses of {@linkcode linearProbe}. */
export interface LinearProbeResult {
  /** Share of the test rows whose class has the largest logit. */
  readonly top1: number;
  /** Share of the test rows whose class has one of the five largest. */
  readonly top5: number;
  /** Class of the largest logit of each test row. */
  readonly predictions: Int32Array;
  /** Mean loss of each epoch. */
  readonly losses: readonly number[];
  /** Rows in a step. */
  readonly batchSize: number;
}

/** What is added to variances, as in batch normalisation. */
const VARIANCE_EPSILON = 1e-5;

/** The map that brings each coordinate of some features to mean 0 and variance 1. */
function standardization(
  { data, shape }: Tensor<"float32">,
): (features: Tensor<"float32">) => Tensor<"float32"> {
  const [rows, width] = shape as [number, number];
  const mean = new Float64Array(width);
  const variance = new Float64Array(width);
  data.forEach((value, i) => mean[i % width]! += value / rows);
  data.forEach((value, i) => variance[i % width]! += (value - mean[i % width]!) ** 2 / rows);
  return (features) =>
    tensor(
      "float32",
      features.shape,
      features.data.map((value, i) =>
        (value - mean[i % width]!) / Math.sqrt(variance[i % width]! + VARIANCE_EPSILON)
      ),
    );
}

/** Rows of a matrix, one after the other; zeros where there are fewer than `count`. */
function gatherRows(
  { data, shape }: Tensor<"float32">,
  rows: ArrayLike<number>,
  count: number,
): Float32Array<ArrayBuffer> {
  const width = shape[1]!;
  const gathered = new Float32Array(count * width);
  for (let i = 0; i < rows.length; i++) {
    gathered.set(data.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  }
  return gathered;
}

/** Refuses to go on with a classifier that has diverged. */
export function requireFinite(loss: number, epoch: number): void {
  if (Number.isFinite(loss)) return;
  throw new GenviewRangeError(
    `Cannot train a linear probe: the loss must be finite, found ${loss} in epoch ${epoch}; lower the learning rate`,
  );
}

async function fit(
  classifier: LinearClassifier,
  { features, labels }: LabeledFeatures,
  recipe: LinearProbeRecipe,
  { batchSize, epochs, seed, onEpoch }: {
    readonly batchSize: number;
    readonly epochs: number;
    readonly seed: number;
    readonly onEpoch: LinearProbeOptions["onEpoch"];
  },
): Promise<number[]> {
  const stepsPerEpoch = Math.floor(labels.length / batchSize);
  const totalSteps = epochs * stepsPerEpoch;
  const rate = probeLearningRate(recipe, { batchSize, totalSteps, stepsPerEpoch });
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = new RandomStream(seed, "linear_probe", epoch).permutation(labels.length);
    let total = 0;
    for (let step = 0; step < stepsPerEpoch; step++) {
      const { start, end } = classifier.part;
      const rows = order.subarray(step * batchSize + start, step * batchSize + end);
      total += await classifier.step(
        gatherRows(features, rows, classifier.rows),
        Array.from(rows, (row) => labels[row]!),
        {
          learning_rate: rate(epoch * stepsPerEpoch + step),
          weight_decay: recipe.weightDecay,
        },
      );
    }
    const loss = total / stepsPerEpoch;
    requireFinite(loss, epoch);
    losses.push(loss);
    onEpoch?.(epoch, loss);
  }
  return losses;
}

/** Accuracy of a classifier, and what it predicts. */
export interface Assessment {
  /** Share of the rows whose class has the largest logit. */
  readonly top1: number;
  /** Share of the rows whose class has one of the five largest. */
  readonly top5: number;
  /** Number of the class of the largest logit of each row. */
  readonly predictions: Int32Array;
}

/**
 * Tests a classifier on features.
 *
 * @param classes logits of a row
 * @param group ranks that each test it on a part of the features
 */
export async function assess(
  classifier: LinearClassifier,
  { features, labels }: LabeledFeatures,
  classes: number,
  group?: ProcessGroup,
): Promise<Assessment> {
  const hits = new HitCount();
  const { start, end } = rankPart(labels.length, group);
  for (let first = start; first < end; first += classifier.rows) {
    const count = Math.min(classifier.rows, end - first);
    const rows = Array.from({ length: count }, (_, i) => first + i);
    const logits = await classifier.answer(gatherRows(features, rows, classifier.rows));
    hits.add(logits, labels.subarray(first, first + count), classes);
  }
  return await hits.result(group);
}

/**
 * Trains a linear classifier on features that were computed once, without augmentation, and tests it. The same seed
 * gives the same result on the same device with as many threads, and on several ranks, which share each step, the same
 * but for rounding. Rows that do not fill a batch are left out of an epoch; which ones changes from epoch to epoch.
 *
 * @throws {RangeError} if features, labels or options do not fit together, or the loss diverges
 */
export async function linearProbe(
  train: LabeledFeatures,
  testing: LabeledFeatures,
  options: LinearProbeOptions = {},
): Promise<LinearProbeResult> {
  const { recipe = LINEAR_PROBE_RECIPES["lightly"]!, seed = 0, onEpoch } = options;
  const { epochs = recipe.epochs } = options;
  const rows = train.labels.length;
  const batchSize = options.batchSize ?? Math.min(recipe.batchSize, rows);
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > rows) {
    throw new GenviewRangeError(
      `Cannot train a linear probe: batchSize must be an integer in [1, ${rows}], found ${batchSize}`,
    );
  }
  checkLabels(train, "the training features");
  checkLabels(testing, "the test features");
  const classes = occurringClasses(train.labels, testing.labels);
  const width = train.features.shape[1]!;
  if (testing.features.shape[1] !== width) {
    throw new GenviewRangeError(
      `Cannot train a linear probe: test features must be as wide as the others, found ${
        testing.features.shape[1]
      } and ${width}`,
    );
  }
  const prepare = options.standardize ? standardization(train.features) : undefined;
  const prepared = ({ features, labels }: LabeledFeatures): LabeledFeatures => ({
    features: prepare?.(features) ?? features,
    labels: classes.numbersOf(labels),
  });
  using classifier = await LinearClassifier.create({
    ...options,
    width,
    classes: classes.labels.length,
    batchSize,
    optimizer: probeOptimizer(recipe),
    weightDecay: recipe.weightDecay > 0,
    seed,
  });
  const training = { batchSize, epochs, seed, onEpoch };
  const losses = await fit(classifier, prepared(train), recipe, training);
  const tested = prepared(testing);
  const found = await assess(classifier, tested, classes.labels.length, options.group);
  const predictions = found.predictions.map((number) => classes.labels[number]!);
  return { ...found, predictions, losses, batchSize };
}
