/**
 * Fine-tuning: a whole network is trained with labels, all of them or a few, and tested.
 *
 * @module
 */
import { evaluationLoader } from "../data/loader/evaluation_loader.ts";
import type { LoaderOptions } from "../data/loader/options.ts";
import { viewLoader } from "../data/loader/view_loader.ts";
import { subset } from "../data/subset.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import { ImageEncoder } from "../encoders/image_encoder.ts";
import {
  inShares,
  type ProcessGroup,
  rankGroup,
  rankPart,
  type Share,
} from "../distributed/mod.ts";
import { type GraphTarget, withTarget } from "../engine/graph/target.ts";
import { elementCount } from "../engine/graph/shape.ts";
import { int64, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { type RunLength, scaledLearningRate, schedule } from "../engine/optim/mod.ts";
import { type DeviceTensor, type Placement, Session } from "../engine/ort/mod.ts";
import { RandomStream } from "../engine/random/random_stream.ts";
import { BoundStep, type StepValues } from "../engine/step/mod.ts";
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import type { Backbone } from "../backbones/backbone.ts";
import {
  type ClassifierResult,
  type ClassifierTrainingOptions,
  IMAGES_AT_ONCE,
  microBatchRows,
  rankRows,
  RankWarnings,
  stepRows,
} from "./classifier_training.ts";
import {
  averageName,
  buildFineTuning,
  classify,
  type FineTuningGraph,
  type FineTuningGraphOptions,
  fineTuningOptimizer,
} from "./fine_tuning_graph.ts";
import type { FineTuningRecipe } from "./fine_tuning_recipes.ts";
import { dropPathName, dropPathShares, dropProbability } from "./drop_path.ts";
import { mixingMask } from "./mixing.ts";
import { HitCount } from "./ranking.ts";
import type { SupervisedData } from "./supervised_data.ts";
import { supervisedView } from "./supervised_view.ts";

/** A network to start from. */
export interface FineTunedNetwork extends Placement {
  /** The network. */
  readonly backbone: Backbone;
  /** Its parameters and buffers by full name, such as `backbone.conv1.weight`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Options of {@linkcode fineTune}. */
export interface FineTuneOptions extends Omit<ClassifierTrainingOptions, "threads"> {
  /** How to train. */
  readonly recipe: FineTuningRecipe;
  /** How test images are cut; training images are of its size. */
  readonly evaluation: EvaluationRecipe;
  /**
   * Images that the device takes at once (default all of a step, or of its rank's part of one), which must divide those of a
   * step; gradients are summed over them. Images are mixed within each part, and batch norms normalise within each, or what
   * all ranks take at once.
   */
  readonly deviceBatchSize?: number;
  /** The machine that the training graph is built for (default what is known by its provider alone). */
  readonly target?: GraphTarget;
}

/** What fine-tuning finds. */
export interface FineTuningResult extends ClassifierResult {
  /** Images that the device took at once, or the devices of all ranks did: batch norms normalised by them. */
  readonly deviceBatchSize: number;
}

/** The scalars of a recipe by step; learning rates are in proportion to the batch. */
export function fineTuningScalars(
  recipe: FineTuningRecipe,
  { batchSize, ...run }: RunLength & { readonly batchSize: number },
): (step: number) => Record<string, number> {
  const scaled = (rate: number) => scaledLearningRate(rate, batchSize, recipe.batchSize);
  const { course } = recipe;
  const end = course.kind === "cosine" && { end: scaled(course.end ?? 0) };
  const rate = schedule({ ...course, ...end, value: scaled(recipe.learningRate) }, run);
  const optimizer = fineTuningOptimizer(recipe);
  return (step) => ({
    learning_rate: rate(step),
    weight_decay: recipe.weightDecay,
    // The average starts as a copy of the weights after the first step, as mmengine's.
    average_rate: step === 0 ? 1 : recipe.averageRate ?? 1,
    ...optimizer.stepScalars(step),
  });
}

/** Initial values: the network's own, and those of a fresh classifier. */
function startingValues(
  { scope, step }: FineTuningGraph,
  tensors: ReadonlyMap<string, Tensor>,
  seed: number,
): StepValues {
  const initial = scope.initialize(seed);
  const valueOf = (name: string): Tensor => {
    const value = tensors.get(name) ??
      (name.startsWith("backbone.") ? undefined : initial.get(name));
    if (value !== undefined) return value;
    throw new GenviewTypeError(
      `Cannot fine-tune: the network must have "${name}", found no tensor of this name`,
    );
  };
  const average = averageName("");
  return {
    state: new Map(step.state.map(({ name }) => [
      name,
      valueOf(name.startsWith(average) ? name.slice(average.length) : name),
    ])),
  };
}

/** What is tested: the moving averages where there are any. */
function testedWeights(state: ReadonlyMap<string, DeviceTensor>): Map<string, DeviceTensor> {
  return new Map([...state].map(([name, value]) => [name, state.get(averageName(name)) ?? value]));
}

/** What a rank tells the first one of. */
type TestEvent =
  | { readonly kind: "progress"; readonly done: number }
  | { readonly kind: "warning"; readonly message: string };

/** Classifies test images. */
async function test(
  graph: Omit<FineTuningGraphOptions, "batchSize" | "size" | "normalize">,
  { data, evaluation, loading, placement, weights, onTest, group }: {
    readonly data: SupervisedData;
    readonly evaluation: EvaluationRecipe;
    readonly loading: LoaderOptions;
    readonly placement: Placement;
    readonly weights: ReadonlyMap<string, DeviceTensor>;
    readonly onTest: ClassifierTrainingOptions["onTest"];
    readonly group: ProcessGroup | undefined;
  },
): Promise<Pick<ClassifierResult, "top1" | "top5" | "tested" | "skipped">> {
  const { size, normalize } = evaluation;
  using encoder = await ImageEncoder.create(
    { batchSize: IMAGES_AT_ONCE, size, normalize, ...placement },
    (normalized) => {
      const logits = withTarget(
        { provider: placement.device.provider },
        () => classify(new Scope({ training: false }), normalized, graph),
      );
      return Session.create(encodeModel({ outputs: { logits } }), placement);
    },
    ["logits"],
    weights,
  );
  const hits = new HitCount();
  const { start, end } = rankPart(data.test.length, group, IMAGES_AT_ONCE);
  const own = group === undefined
    ? data.test
    : subset(data.test, Array.from({ length: end - start }, (_, i) => start + i));
  const take = async ({ report }: Pick<Share<TestEvent>, "report">): Promise<number> => {
    const loader = evaluationLoader(own, evaluation, {
      ...{ ...loading, batchSize: IMAGES_AT_ONCE },
      onWarning: (message) => report({ kind: "warning", message }),
    });
    let done = 0;
    for await (const { images, labels } of loader) {
      if (labels.data.length === 0) continue;
      done += labels.data.length;
      const { data: logits } = (await encoder.encode(images)).logits;
      hits.add(
        logits,
        Array.from(labels.data, (label) => data.testClass(Number(label))),
        data.classes,
      );
      report({ kind: "progress", done });
    }
    return loader.statistics.skipped;
  };
  const counts = new Map<number, number>();
  const tell = (event: TestEvent, rank: number) => {
    if (event.kind === "warning") return loading.onWarning?.(event.message);
    counts.set(rank, event.done);
    onTest?.(counts.values().reduce((sum, count) => sum + count, 0), data.test.length);
  };
  const skipped = group === undefined
    ? [await take({ report: (event) => tell(event, 0) })]
    : await group.allGatherValues(await inShares(group, take, { take: tell }));
  const { top1, top5, predictions: { length: tested } } = await hits.result(group);
  if (tested === 0) {
    throw new GenviewTypeError(
      `Cannot test on "${data.test.name}": it must hold images that can be read, found none`,
    );
  }
  return { top1, top5, tested, skipped: skipped.reduce((sum, count) => sum + count, 0) };
}

/** What is drawn for a micro-batch. */
interface MicroBatchDraw {
  readonly seed: number;
  /** Steps before this one. */
  readonly taken: number;
  readonly size: number;
  /** Images in the step. */
  readonly batchSize: number;
  /** Images in the micro-batch. */
  readonly rows: number;
  /** Number of the micro-batch among those of all ranks. */
  readonly microBatch: number;
}

/** Writes the inputs of a step that are drawn: the mask that mixes images, and which residual branches are left out. */
function writeRandomInputs(
  step: BoundStep,
  { branches }: FineTuningGraph,
  { mixing, dropPath = 0 }: FineTuningRecipe,
  { seed, taken, size, batchSize, rows, microBatch }: MicroBatchDraw,
): void {
  if (mixing !== undefined) {
    // Each is mixed by a mask of its own, as each device's part of a batch is.
    const drawn = taken * (batchSize / rows) + microBatch;
    const mask = mixingMask(size, mixing, new RandomStream(seed, "mixing", drawn));
    step.input("mask", "float32").write(tensor("float32", [size, size], mask));
  }
  for (let branch = 0; branch < branches; branch++) {
    const random = new RandomStream(seed, "drop_path", taken, branch);
    const shares = dropPathShares(batchSize, dropProbability(dropPath, branch, branches), random);
    const part = shares.subarray(microBatch * rows, (microBatch + 1) * rows);
    step.input(dropPathName(branch), "float32").write(tensor("float32", [rows, 1, 1], part));
  }
}

/** The images of a micro-batch, of those `[N,S,S,3]` that this process takes of a step. */
function imagesOf(
  { shape: [, ...pixels], data }: Tensor<"uint8">,
  rows: number,
  microBatch: number,
): Tensor<"uint8"> {
  const length = rows * elementCount(pixels);
  const part = data.subarray(microBatch * length, (microBatch + 1) * length);
  return tensor("uint8", [rows, ...pixels], part);
}

/**
 * Trains a whole network with labels, from a self-supervised backbone under a fresh classifier, on augmented images, and
 * tests it on whole ones. In every epoch each image is cut anew ({@linkcode supervisedView}). Batch norms are in training
 * mode: they normalise by their batches, of ranks by those of all, and move their running statistics, by which the test normalises. Learning rates
 * scale with the batch, whatever of it the device takes at once. Images that do not fill a step are left out of an epoch; which ones changes from epoch to epoch.
 * A training that was stopped goes on from its newest checkpoint, on the CPU bit for bit. Images are mixed within each
 * rank's part, as by one process that takes parts of that size.
 *
 * The figure is that of the last epoch. SwAV's program prints that of the best epoch on the test images, which is higher.
 *
 * @throws {RangeError} if the batch is larger than the training set, the device's part does not divide it, the course does not
 *   fit, or the loss diverges
 * @throws {TypeError} if the network lacks a tensor
 * @throws {UnreadableImageError} if an image cannot be read and `strict` is set
 */
export async function fineTune(
  { backbone, tensors, device, threads }: FineTunedNetwork,
  data: SupervisedData,
  options: FineTuneOptions,
): Promise<FineTuningResult> {
  const { recipe, evaluation, seed = 0, checkpoints, onProgress, onTest } = options;
  const { target = { provider: device.provider } } = options;
  const { strict = false, workers, onWarning, epochs = recipe.epochs, group } = options;
  const { rank, size: ranks } = group ?? { rank: 0, size: 1 };
  const { size, normalize } = evaluation;
  const rows = data.train.length;
  const batchSize = stepRows(options.batchSize, recipe.batchSize, rows);
  const own = rankRows(batchSize, group);
  const atOnce = microBatchRows(options.deviceBatchSize, own);
  const stepsPerEpoch = Math.floor(rows / batchSize);
  const scalars = fineTuningScalars(recipe, {
    batchSize,
    stepsPerEpoch,
    totalSteps: epochs * stepsPerEpoch,
  });
  const parts = { backbone, classes: data.classes, recipe };
  const graph = withTarget(
    { ...target, ranks },
    () =>
      buildFineTuning({
        ...{ ...parts, size, normalize },
        batchSize: atOnce,
        microBatches: own / atOnce,
      }),
  );
  const warnings = new RankWarnings(group, onWarning);
  if (recipe.dropPath !== undefined && graph.branches === 0) {
    warnings.take(
      `Drop path ${recipe.dropPath} of the recipe has nothing to leave out: ${backbone.name} has no transformer blocks`,
    );
  }
  const start = await checkpoints?.newest();
  const placement = { device, threads };
  using step = await BoundStep.create(
    graph.step,
    { ...placement, ...(group && { group: rankGroup(group) }) },
    start ?? startingValues(graph, tensors, seed),
  );
  const losses = [...start?.losses ?? []];
  const loading: LoaderOptions = {
    batchSize: own,
    strict,
    unreadable: new Map(),
    ...(workers !== undefined && { workers }),
    onWarning: warnings.take,
  };
  for (let epoch = losses.length; epoch < epochs; epoch++) {
    const loader = viewLoader(data.train, [supervisedView(evaluation, recipe)], {
      ...{ ...loading, seed, epoch },
      shard: { index: rank, count: ranks },
    });
    let sum = 0;
    for await (const { batch, views, labels } of loader) {
      const taken = epoch * stepsPerEpoch + batch;
      const classes = Array.from(labels.data, (label) => data.trainClass(Number(label)));
      const { loss } = await step.run(scalars(taken), (microBatch) => {
        const drawn = rank * (own / atOnce) + microBatch;
        const draw = { seed, taken, size, batchSize, rows: atOnce, microBatch: drawn };
        const labelled = classes.slice(microBatch * atOnce, (microBatch + 1) * atOnce);
        step.input("images", "uint8").write(imagesOf(views[0]!.images, atOnce, microBatch));
        step.input("labels", "int64").write(int64([atOnce], labelled));
        writeRandomInputs(step, graph, recipe, draw);
      });
      if (!Number.isFinite(loss)) {
        throw new GenviewRangeError(
          `Cannot fine-tune: the loss must be finite, found ${loss} in epoch ${epoch}; lower the learning rate`,
        );
      }
      sum += loss;
      if (rank > 0) continue;
      onProgress?.({
        done: (taken + 1) * batchSize,
        total: epochs * stepsPerEpoch * batchSize,
        epoch,
        loss: sum / (batch + 1),
      });
    }
    losses.push(sum / stepsPerEpoch);
    await warnings.share();
    await checkpoints?.save(
      { epoch: epoch + 1, losses, step: (epoch + 1) * stepsPerEpoch, samples: rows },
      step,
    );
  }
  const weights = testedWeights(step.state);
  const found = await test(parts, {
    ...{ data, evaluation, placement, weights, onTest, group },
    loading: { ...loading, ...(onWarning && { onWarning }) },
  });
  return {
    ...{ ...found, losses, batchSize, epochs, trained: rows },
    deviceBatchSize: atOnce * ranks,
  };
}
