/**
 * The linear probe of publications: a linear classifier on a frozen backbone, trained on augmented images.
 *
 * @module
 */
import type { LoaderOptions } from "../data/loader/options.ts";
import { viewLoader } from "../data/loader/view_loader.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import { FeatureExtractor } from "../encoders/feature_extractor.ts";
import {
  type ClassifierResult,
  type ClassifierTrainingOptions,
  IMAGES_AT_ONCE,
  rankRows,
  RankWarnings,
  stepRows,
} from "./classifier_training.ts";
import { datasetFeatures } from "./dataset_features.ts";
import type { PlacedBackbone } from "./evaluate_backbone.ts";
import { LinearClassifier } from "./linear_classifier.ts";
import { assess, requireFinite } from "./linear_probe.ts";
import {
  type LinearProbeRecipe,
  probeLearningRate,
  probeOptimizer,
} from "./linear_probe_recipes.ts";
import type { SupervisedData } from "./supervised_data.ts";
import { supervisedView } from "./supervised_view.ts";

/** Options of {@linkcode augmentedProbe}. */
export interface AugmentedProbeOptions extends ClassifierTrainingOptions {
  /** How to train. */
  readonly recipe: LinearProbeRecipe;
  /** How test images are cut; training images are of its size. */
  readonly evaluation: EvaluationRecipe;
}

/** Images in a run of the network: as many as divide what a rank takes of a step, so that runs end where steps do. */
function imagesAtOnce(own: number): number {
  let images = Math.min(IMAGES_AT_ONCE, own);
  while (own % images > 0) images--;
  return images;
}

/** Features and classes that are gathered until they fill a step. */
class StepRows {
  readonly features: Float32Array<ArrayBuffer>;
  readonly classes: number[] = [];
  readonly #width: number;
  readonly #rows: number;

  constructor(rows: number, width: number) {
    this.features = new Float32Array(rows * width);
    this.#width = width;
    this.#rows = rows;
  }

  /** Takes rows, and gives control each time that a step is full. */
  async add(
    data: Float32Array,
    classes: readonly number[],
    step: () => Promise<void>,
  ): Promise<void> {
    for (const [row, label] of classes.entries()) {
      const from = row * this.#width;
      this.features.set(data.subarray(from, from + this.#width), this.classes.length * this.#width);
      this.classes.push(label);
      if (this.classes.length < this.#rows) continue;
      await step();
      this.classes.length = 0;
    }
  }
}

/**
 * Trains a linear classifier on the features of augmented images, and tests it on whole ones. The backbone is frozen
 * and in evaluation mode: its batch norms normalise by their running statistics. In every epoch each image is cut anew
 * ({@linkcode supervisedView}), and its features are taken anew. Weights start from N(0, 0.01), biases from 0. The
 * learning rate scales with the batch. Images that do not fill a step are left out of an epoch; which ones changes from
 * epoch to epoch. A training that was stopped goes on from its newest checkpoint, on the CPU bit for bit.
 *
 * Published figures by this protocol differ by half a point to a point from recipe to recipe, and can only be compared
 * where it is the same. A fresh bias has no length for LARS to take a share of, so that its first step is unscaled.
 *
 * @throws {RangeError} if the batch is larger than the training set, or the loss diverges
 * @throws {UnreadableImageError} if an image cannot be read and `strict` is set
 */
export async function augmentedProbe(
  { backbone, device, weights }: PlacedBackbone,
  data: SupervisedData,
  options: AugmentedProbeOptions,
): Promise<ClassifierResult> {
  const { recipe, evaluation, seed = 0, threads, checkpoints, onProgress, onTest } = options;
  const { strict = false, workers, group } = options;
  const { epochs = recipe.epochs } = options;
  const rows = data.train.length;
  const batchSize = stepRows(options.batchSize, recipe.batchSize, rows);
  const own = rankRows(batchSize, group);
  const { rank, size: ranks } = group ?? { rank: 0, size: 1 };
  const leads = rank === 0;
  const atOnce = group === undefined ? IMAGES_AT_ONCE : imagesAtOnce(own);
  const stepsPerEpoch = Math.floor(rows / batchSize);
  // Ranks leave out what fills no step, which one process takes in all the same.
  const perEpoch = group === undefined ? rows : stepsPerEpoch * batchSize;
  const totalSteps = epochs * stepsPerEpoch;
  const rate = probeLearningRate(recipe, { batchSize, totalSteps, stepsPerEpoch });
  const { size, normalize } = evaluation;
  using extractor = await FeatureExtractor.create(
    { backbone, size, normalize, batchSize: atOnce, device, threads },
    weights,
  );
  const start = await checkpoints?.newest();
  using classifier = await LinearClassifier.create({
    width: extractor.width,
    classes: data.classes,
    batchSize,
    optimizer: probeOptimizer(recipe),
    weightDecay: recipe.weightDecay > 0,
    seed,
    device,
    threads,
    start,
    group,
  });
  const warnings = new RankWarnings(group, options.onWarning);
  const losses = [...start?.losses ?? []];
  const loading: LoaderOptions = {
    batchSize: atOnce,
    strict,
    unreadable: new Map(),
    ...(workers !== undefined && { workers }),
    onWarning: warnings.take,
  };
  const gathered = new StepRows(own, extractor.width);
  for (let epoch = losses.length; epoch < epochs; epoch++) {
    const loader = viewLoader(data.train, [supervisedView(evaluation)], {
      ...loading,
      seed,
      epoch,
      // Ranks take turns: what the network sees of a step is the same, whoever computes it.
      ...(group === undefined ? { dropLast: false } : { shard: { index: rank, count: ranks } }),
    });
    gathered.classes.length = 0;
    let steps = 0;
    let sum = 0;
    let done = 0;
    const step = async () => {
      sum += await classifier.step(gathered.features, gathered.classes, {
        learning_rate: rate(epoch * stepsPerEpoch + steps),
        weight_decay: recipe.weightDecay,
      });
      steps++;
    };
    for await (const { views, labels, indices } of loader) {
      const { data: features } = await extractor.extract(views[0]!.images);
      const classes = Array.from(labels.data, (label) => data.trainClass(Number(label)));
      await gathered.add(features, classes, step);
      done += ranks * indices.length;
      if (!leads) continue;
      onProgress?.({
        done: epoch * perEpoch + Math.min(done, perEpoch),
        total: epochs * perEpoch,
        epoch,
        ...(steps > 0 && { loss: sum / steps }),
      });
    }
    const loss = sum / steps;
    requireFinite(loss, epoch);
    losses.push(loss);
    await warnings.share();
    await checkpoints?.save(
      { epoch: epoch + 1, losses, step: (epoch + 1) * stepsPerEpoch, samples: rows },
      classifier.trained,
    );
  }
  const test = await datasetFeatures(extractor, data.test, evaluation, {
    ...loading,
    group,
    ...(onTest && { onProgress: (done) => onTest(done, data.test.length) }),
  });
  const labels = test.labels.map((label) => data.testClass(label));
  const { top1, top5 } = await assess(classifier, { ...test, labels }, data.classes, group);
  return {
    top1,
    top5,
    losses,
    batchSize,
    epochs,
    trained: rows,
    tested: labels.length,
    skipped: test.skipped,
  };
}
