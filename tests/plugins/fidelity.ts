/**
 * Whether a method follows the program of reference/ that trains it in PyTorch: the same weights, batches and steps, which
 * reference/training_steps.py describes, and the golden of what came of them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Backbone } from "../../core/backbones/backbone.ts";
import { resNet, type ResNetConfig, resNetWidth } from "../../core/backbones/resnet.ts";
import { elementCount, type Shape } from "../../core/engine/graph/shape.ts";
import { type Tensor, tensor } from "../../core/engine/graph/tensor.ts";
import { type GraphTarget, withTarget } from "../../core/engine/graph/target.ts";
import {
  initialLossScale,
  type LossScale,
  type LossScaleOptions,
  lossScaleScalars,
  nextLossScale,
} from "../../core/engine/optim/mod.ts";
import { CPU } from "../../core/engine/ort/mod.ts";
import type { Precision } from "../../core/engine/precision/mod.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import type { LoadedMethod } from "../../core/method/load.ts";
import { resolveConfiguration } from "../../core/method/resolve_configuration.ts";
import { optimizerOf, runSchedules } from "../../core/train/run/run_schedules.ts";
import { deviceTuning } from "../../core/train/step/conv_autotune.ts";
import { buildMethodGraph, type MethodGraph } from "../../core/train/step/method_graph.ts";
import { initialWeights } from "../../core/train/step/method_step.ts";
import { buildAccumulatedGraph } from "../../core/train/step/accumulation/accumulated_graph.ts";
import { AccumulatedStep } from "../../core/train/step/accumulation/accumulated_step.ts";
import { TrainingStep, type TrainingStepOptions } from "../../core/train/step/training_step.ts";
import type { StepResult } from "../../core/train/step/step_inputs.ts";
import { readSafetensors } from "../../core/weights/safetensors.ts";
import { hashedParameter, hashedTensor, sampledIndices } from "../core/engine/nn/hashed_values.ts";
import { writeRows } from "../core/train/step/accumulation/small_accumulation.ts";
import { euclideanNorm, relativeError } from "../core/engine/nn/relative_error.ts";
import { TEST_DEVICE } from "../test_device.ts";

/** Largest relative error of a loss, of a final tensor's norm, and of the norm of its difference. */
const TOLERANCE = 1e-3;

/** Largest relative error of what has changed of a tensor since the start, which is much less than the tensor. */
const TOLERANCE_OF_CHANGE = 1e-2;

/** What rounding to float32 may make of a tensor in some steps, relative to its norm. */
const ROUNDING = 1e-6;

/** The two runs that a golden holds: all pairs of views alike, or each with a weight of its own. */
export const RUNS = ["plain", "weighted"] as const;

/** One of the runs. */
export type RunName = typeof RUNS[number];

/** What a reference program ran, and what came of it. */
export interface Golden {
  readonly steps: number;
  readonly batchSize: number;
  /** Height and width of each view. */
  readonly sizes: readonly number[];
  readonly branchScale: number;
  readonly cell: number;
  readonly batches: number;
  readonly contrast: number;
  readonly noise: number;
  readonly samples: number;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The golden of a name; its sidecar has the settings of the method, too. */
export async function readGolden<Settings>(name: string): Promise<Golden & Settings> {
  const path = new URL(`../../fixtures/golden/${name}`, import.meta.url).pathname;
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  return { ...JSON.parse(await Deno.readTextFile(`${path}.json`)), tensors };
}

const SMALL_RESNET: ResNetConfig = {
  block: "basic",
  depths: [1, 1, 1],
  channels: [16, 32, 64],
  stem: "small",
};

/** The network of `small_resnet()`. */
export const smallResNet: Backbone = {
  name: "small",
  width: resNetWidth(SMALL_RESNET),
  apply: (scope, images) => resNet(scope, images, SMALL_RESNET).features,
};

/** What is trained, and how. */
export interface Trial {
  readonly method: LoadedMethod;
  /** Options of the method. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What differs from the default configuration; the learning rate is not scaled, and changes with each step. */
  readonly configuration: Partial<Configuration>;
  /** Samples that the device takes at once; the whole batch when left out. */
  readonly deviceBatchSize?: number;
  /** What graphs are built for that the CPU computes (default: the device of the tests, which computes them, with what is known of it). */
  readonly target?: GraphTarget;
  /** What networks compute in (default `float32`). */
  readonly precision?: Precision;
  /** The scale of the loss at the start, in float16 (default that of `initialLossScale`). */
  readonly lossScale?: LossScaleOptions;
  /** Default {@linkcode smallResNet}. */
  readonly backbone?: Backbone;
  /** Changes initial weights as the program does, such as prototypes to unit length. */
  readonly adjust?: (weights: Map<string, Tensor>) => void;
  /** The state after so many steps as the program's state dict has it, where it differs. */
  readonly stored?: (
    weights: ReadonlyMap<string, Tensor>,
    steps: number,
  ) => ReadonlyMap<string, Tensor>;
}

/** The graph of a trial. */
export function graphOf({ batchSize, sizes }: Golden, trial: Trial): MethodGraph {
  return buildMethodGraph(trial.method, {
    backbone: trial.backbone ?? smallResNet,
    viewSizes: sizes,
    batchSize,
    options: trial.options,
  });
}

/** Hashed parameters, those of residual branches weakened, and fresh statistics; a momentum encoder is a copy. */
function goldenWeights(graph: MethodGraph, { branchScale }: Golden, trial: Trial) {
  const weights = initialWeights(graph, 0);
  const copied = "momentum_encoder.";
  for (const { name, kind, value } of graph.scope.declarations.values()) {
    if (kind === "buffer") continue;
    const source = name.startsWith(copied) ? name.slice(copied.length) : name;
    // Fixed positions are what they are.
    if (name.endsWith("pos_embed") && graph.scope.declarations.get(source)!.kind === "fixed") {
      continue;
    }
    const parameter = hashedParameter(source, value.shape);
    if (/layer.*bn2\.weight/.test(source)) {
      parameter.data.forEach((scale, i) => parameter.data[i] = branchScale * scale);
    }
    weights.set(name, parameter);
  }
  trial.adjust?.(weights);
  return weights;
}

/** Makes a matrix the transpose of another, which takes an embedding to something near it. */
export function tieToTranspose(weights: Map<string, Tensor>, name: string, source: string): void {
  const { data, shape } = weights.get(source) as Tensor<"float32">;
  const [height, width] = shape as [number, number];
  const turned = data.map((_, i) => data[i % height * width + Math.floor(i / height)]!);
  weights.set(name, tensor("float32", [width, height], turned));
}

/** A view of a step's batch: coarse images that all views share, and noise of its own. */
export function goldenView(
  golden: Golden,
  step: number,
  view: number,
  shape: Shape,
): Tensor<"float32"> {
  const { sizes, cell, batches, contrast, noise } = golden;
  const cells = Math.max(...sizes) / cell;
  const size = sizes[view]!;
  const coarse = hashedTensor(`images.${step % batches}`, [shape[0]!, 3, cells, cells]).data;
  const own = hashedTensor(`noise.${step}.${view}`, shape).data;
  const pixels = Float32Array.from({ length: elementCount(shape) }, (_, at) => {
    const plane = Math.floor(at / (size * size));
    const row = Math.floor(Math.floor(at / size) % size / cell);
    const column = Math.floor(at % size / cell);
    return contrast * coarse[(plane * cells + row) * cells + column]! + noise * own[at]!;
  });
  return tensor("float32", shape, pixels);
}

/** Writes the views of a golden's step, and the weights of their pairs. */
export function writeBatch(
  golden: Golden,
  step: TrainingStep,
  { at, weighted }: { readonly at: number; readonly weighted: boolean },
): void {
  step.views.forEach((view, v) => view.write(goldenView(golden, at, v, view.type.shape)));
  if (weighted) writeWeights(step, at);
}

/** Writes the weights of a step's pairs. */
function writeWeights(step: Pick<TrainingStep, "pairs">, at: number): void {
  for (const { views: [first, second], weights } of step.pairs) {
    weights.write(hashedTensor(`weights.${at}.${first}.${second}`, weights.type.shape, 0.5, 1));
  }
}

/** What came of a run. */
export interface Trained {
  readonly losses: readonly number[];
  readonly spreads: readonly number[];
  /** Norms of the gradients, before clipping. */
  readonly norms: readonly number[];
  readonly metrics: readonly Readonly<Record<string, number>>[];
  /** The scale of the loss after each step. */
  readonly lossScales: readonly LossScale[];
  readonly initial: ReadonlyMap<string, Tensor>;
  readonly final: ReadonlyMap<string, Tensor>;
}

/** The step of a trial, by micro-batches where it says so. */
function openStep(
  { batchSize, sizes: viewSizes }: Golden,
  { method, options, backbone = smallResNet, deviceBatchSize }: Trial,
  graph: MethodGraph,
  settings: TrainingStepOptions,
  model: ReadonlyMap<string, Tensor>,
): Promise<TrainingStep | AccumulatedStep> {
  if (deviceBatchSize === undefined) return TrainingStep.create(graph, settings, model);
  const given = { backbone, viewSizes, batchSize, options, deviceBatchSize };
  return AccumulatedStep.create(buildAccumulatedGraph(method, given), settings, model);
}

/** Takes a golden's step. */
function takeStep(
  golden: Golden,
  step: TrainingStep | AccumulatedStep,
  { at, weighted, scalars }: {
    readonly at: number;
    readonly weighted: boolean;
    readonly scalars: Readonly<Record<string, number>>;
  },
): Promise<StepResult> {
  const draw = { seed: 0, step: at };
  if (step instanceof TrainingStep) {
    writeBatch(golden, step, { at, weighted });
    return step.run(scalars, draw);
  }
  if (weighted) writeWeights(step, at);
  const views = golden.sizes.map((size, view) =>
    goldenView(golden, at, view, [golden.batchSize, 3, size, size])
  );
  return step.run(scalars, writeRows(views), draw);
}

/** Takes a golden's steps with the formulations of convolutions that a training run takes on the device of the tests. */
export async function train(golden: Golden, trial: Trial, run: RunName): Promise<Trained> {
  const { steps, batchSize } = golden;
  const configuration = resolveConfiguration({
    batchSize,
    baseBatchSize: 0,
    epochs: 1,
    schedulePer: "iteration",
    ...trial.configuration,
  });
  const device = trial.target === undefined ? TEST_DEVICE : CPU;
  const tuning = trial.target ?? await deviceTuning({ device });
  const graph = withTarget(tuning, () => graphOf(golden, trial));
  const initial = goldenWeights(graph, golden, trial);
  const length = { totalSteps: steps, stepsPerEpoch: steps / configuration.epochs };
  const scalars = runSchedules(configuration, length);
  const { clipGradientNorm, clipGradientPer } = configuration;
  const { precision = "float32" } = trial;
  const settings = {
    device,
    precision,
    optimizer: optimizerOf(configuration),
    rules: configuration.parameterRules,
    ...(clipGradientNorm > 0 && { clipGradientNorm, clipGradientPer }),
  };
  using step = await withTarget(tuning, () => openStep(golden, trial, graph, settings, initial));
  const losses: number[] = [];
  const spreads: number[] = [];
  const norms: number[] = [];
  const metrics: Readonly<Record<string, number>>[] = [];
  const lossScales: LossScale[] = [];
  let lossScale = initialLossScale(trial.lossScale);
  for (let at = 0; at < steps; at++) {
    const epoch = Math.floor(at / length.stepsPerEpoch);
    const given = {
      at,
      weighted: run === "weighted",
      scalars: {
        ...scalars(at, lossScale.skippedSteps),
        ...lossScaleScalars(lossScale),
        step: at,
        epoch,
      },
    };
    const result = await takeStep(golden, step, given);
    losses.push(result.loss);
    spreads.push(result.spread);
    norms.push(result.gradientNorm);
    metrics.push(result.metrics);
    lossScale = nextLossScale(lossScale, result.updated, trial.lossScale);
    lossScales.push(lossScale);
  }
  const final = new Map([...step.weights].map(([name, value]) => [name, value.read()]));
  const stored = trial.stored ?? ((weights) => weights);
  return {
    losses,
    spreads,
    norms,
    metrics,
    lossScales,
    initial: stored(initial, 0),
    final: stored(final, steps),
  };
}

function numbersOf({ data }: Tensor): number[] {
  return Array.from(data, Number);
}

/** A series of the golden, such as `losses`. */
export function series({ tensors }: Golden, run: RunName, name: string): number[] {
  return numbersOf(tensors.get(`${run}/${name}`)!);
}

/** Compares a number of each step. */
export function assertSeries(
  golden: Golden,
  run: RunName,
  name: string,
  found: readonly number[],
): void {
  series(golden, run, name).forEach((wanted, i) => {
    const error = Math.abs(found[i]! / wanted - 1);
    assert(
      error <= TOLERANCE,
      `${run}: ${name}[${i}] differs from PyTorch's ${wanted} by ${error}`,
    );
  });
}

/** Compares a final tensor's samples, its norm, and what has changed since the start. */
function assertTensor(golden: Golden, run: RunName, name: string, trained: Trained): void {
  const { initial, final } = trained;
  const [before, after] = [numbersOf(initial.get(name)!), numbersOf(final.get(name)!)];
  const wanted = series(golden, run, `value/${name}`);
  if (final.get(name)!.dtype === "int64") {
    assertEquals(after, wanted, name);
    return;
  }
  const indices = sampledIndices(name, after.length, golden.samples);
  const [own] = series(golden, run, `float32/${name}`);
  assert(
    own! <= TOLERANCE,
    `nothing is asked where PyTorch's own float32 is off by ${own}: ${name}`,
  );
  const assertClose = (what: string, error: number) =>
    assert(error <= TOLERANCE, `${run}: ${what} of ${name} differs from PyTorch's by ${error}`);
  const [norm] = series(golden, run, `norm/${name}`);
  if (name.endsWith("running_mean")) {
    // Of features whose mean is zero nothing but rounding is left, which is small beside their deviation.
    const variance = numbersOf(final.get(name.replace("running_mean", "running_var"))!);
    const deviation = euclideanNorm(variance.map(Math.sqrt));
    const share = Math.max(
      euclideanNorm(wanted),
      deviation * Math.sqrt(wanted.length / after.length),
    );
    const error = euclideanNorm(indices.map((index, i) => after[index]! - wanted[i]!));
    return assertClose("the value", error / share);
  }
  assertClose("the value", relativeError(after, wanted, indices));
  assertClose("the norm", Math.abs(euclideanNorm(after) - norm!) / (norm! || 1));
  // What has changed is little beside the tensor: it is held against itself, and what rounding makes of it.
  const rounding = 10 * own! + ROUNDING;
  const assertChange = (what: string, error: number, change: number, size: number) => {
    const most = Math.max(TOLERANCE_OF_CHANGE * change, rounding * size);
    assert(
      error <= most,
      `${run}: ${what} of ${name} differs from PyTorch's by ${error} of ${change}`,
    );
  };
  const sampled = (of: (index: number, i: number) => number) => euclideanNorm(indices.map(of));
  assertChange(
    "the change",
    sampled((index, i) => after[index]! - wanted[i]!),
    sampled((index, i) => wanted[i]! - before[index]!),
    euclideanNorm(wanted),
  );
  const [change] = series(golden, run, `change/${name}`);
  const changed = euclideanNorm(after.map((value, i) => value - before[i]!));
  assertChange("the change's norm", Math.abs(changed - change!), change!, norm!);
}

/**
 * Takes a golden's steps and compares every loss, every spread of embeddings, every norm of gradients that are clipped
 * together, and every final tensor.
 */
export async function assertFollows(golden: Golden, trial: Trial, run: RunName): Promise<Trained> {
  const trained = await train(golden, trial, run);
  assertSeries(golden, run, "losses", trained.losses);
  assertSeries(golden, run, "spreads", trained.spreads);
  if (golden.tensors.has(`${run}/norms`)) assertSeries(golden, run, "norms", trained.norms);
  const prefix = `${run}/value/`;
  const names = [...golden.tensors.keys()].filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  assertEquals([...trained.final.keys()].sort(), names.sort());
  for (const name of names) assertTensor(golden, run, name, trained);
  return trained;
}
