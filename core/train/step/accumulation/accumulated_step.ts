/**
 * A method's training step on a device that takes a part of the batch at once.
 *
 * @module
 */
import type { Tensor } from "../../../engine/graph/tensor.ts";
import { pieceLengthFor } from "../../../engine/optim/mod.ts";
import type { DeviceTensor } from "../../../engine/ort/mod.ts";
import type { BoundStepOptions } from "../../../engine/step/mod.ts";
import { type MethodStepNames, type MethodStepOptions, namesOf } from "../method_step.ts";
import {
  type PairInput,
  placePairs,
  type StepDraw,
  type StepResult,
  stepResult,
  writePermutations,
} from "../step_inputs.ts";
import type { TrainingStepOptions } from "../training_step.ts";
import type { AccumulatedGraph } from "./accumulated_graph.ts";
import { BoundAccumulation, type PlacedMicroView } from "./bound_accumulation.ts";
import { buildAccumulation, type BuiltAccumulation } from "./build_accumulation.ts";

/** A method's training step by micro-batches as plain data. */
export interface AccumulatedMethodStep extends MethodStepNames {
  /** How it takes a batch. */
  readonly kind: "accumulated";
  /** The models, and what they read and make. */
  readonly built: BuiltAccumulation;
}

/**
 * Differentiates a method's loss and encodes the models of its step by micro-batches, as plain data that a worker can
 * hand over.
 *
 * @throws {TypeError} if the loss does not depend on a parameter
 * @throws {RangeError} if a rule or the norm to clip to is out of range
 */
export function buildAccumulatedStep(
  graph: AccumulatedGraph,
  options: MethodStepOptions,
): AccumulatedMethodStep {
  return {
    kind: "accumulated",
    built: buildAccumulation(graph, options),
    ...namesOf(graph.whole),
  };
}

/** Some samples of a view, and where they go. */
export interface ViewRows {
  /** Index of the view. */
  readonly view: number;
  /** Which samples of the batch, in order; a permutation may bring any. */
  readonly rows: readonly number[];
  /** Takes them, `[M,3,H,W]`. */
  readonly into: DeviceTensor<"float32">;
}

/** Writes some samples of views to where they go. */
export type WriteViews = (views: readonly ViewRows[]) => Promise<void>;

/**
 * A method's training step by micro-batches, compiled and bound.
 *
 * ```ts
 * import { backbone } from "../../../backbones/mod.ts";
 * import { sgd } from "../../../engine/optim/mod.ts";
 * import { CPU } from "../../../engine/ort/mod.ts";
 * import { checkMethod } from "../../../method/load.ts";
 * import simsiam from "../../../../plugins/simsiam/mod.ts";
 * import { AccumulatedStep, buildAccumulatedGraph, buildMethodGraph, initialWeights } from "../../mod.ts";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const method = checkMethod(simsiam, "simsiam");
 * const given = {
 *   backbone: backbone("resnet18"),
 *   viewSizes: [32, 32],
 *   batchSize: 4,
 *   options: { projectorWidth: 32, predictorWidth: 8 },
 * };
 * const weights = initialWeights(buildMethodGraph(method, given), 0);
 * const graph = buildAccumulatedGraph(method, { ...given, deviceBatchSize: 2 });
 * using step = await AccumulatedStep.create(graph, { device: CPU, optimizer: sgd() }, weights);
 *
 * const asked: (readonly number[])[] = [];
 * const { loss } = await step.run({ learning_rate: 0.1, weight_decay: 0 }, (views) => {
 *   for (const { view, rows, into } of views) {
 *     // The pixels of these rows of the view go here; noise in this example.
 *     for (let i = 0; i < into.data.length; i++) into.data[i] = Math.sin(i * (view + 1) + rows[0]!);
 *   }
 *   asked.push(views[0]!.rows);
 *   return Promise.resolve();
 * });
 * assert(Math.abs(loss) <= 1);
 * // Forward for both micro-batches, and backward from the last, whose views are still there.
 * assertEquals(asked, [[0, 1], [2, 3], [0, 1]]);
 * ```
 */
export class AccumulatedStep implements Disposable {
  /** Samples that the device takes at once. */
  readonly deviceBatchSize: number;
  /** Weights of the pairs of the whole batch that the method reads, to be written before each step. */
  readonly pairs: readonly PairInput[];
  /** Parameter rules that no parameter follows. */
  readonly warnings: readonly string[];
  readonly #step: BoundAccumulation;
  readonly #metrics: readonly string[];
  readonly #permutations: readonly string[];

  private constructor(step: BoundAccumulation, compiled: AccumulatedMethodStep) {
    this.deviceBatchSize = compiled.built.deviceBatchSize;
    this.pairs = placePairs(step, compiled);
    this.warnings = compiled.built.warnings;
    this.#step = step;
    this.#metrics = compiled.metrics;
    this.#permutations = compiled.permutations;
  }

  /**
   * Differentiates, encodes and loads a method's graphs and puts its state on the device.
   *
   * @param model values of all parameters and buffers, by full name
   * @param optimizer values of the optimizer's slots; their initial ones when left out
   * @throws {TypeError} if the loss does not depend on a parameter, or a tensor is missing or of another shape
   */
  static async create(
    graph: AccumulatedGraph,
    options: TrainingStepOptions,
    model: ReadonlyMap<string, Tensor>,
    optimizer?: ReadonlyMap<string, Tensor>,
  ): Promise<AccumulatedStep> {
    const { provider } = options.device;
    const compiled = buildAccumulatedStep(graph, {
      pieceLength: pieceLengthFor(provider),
      ...options,
    });
    return await AccumulatedStep.bind(compiled, options, model, optimizer);
  }

  /**
   * Loads the models of a step that was compiled elsewhere and puts its state on the device.
   *
   * @param model values of all parameters and buffers, by full name
   * @param optimizer values of the optimizer's slots; their initial ones when left out
   * @throws {TypeError} if a tensor is missing or of another shape
   */
  static async bind(
    compiled: AccumulatedMethodStep,
    options: BoundStepOptions,
    model: ReadonlyMap<string, Tensor>,
    optimizer?: ReadonlyMap<string, Tensor>,
  ): Promise<AccumulatedStep> {
    const values = { state: model, slots: optimizer };
    const step = await BoundAccumulation.create(compiled.built, options, values);
    return new AccumulatedStep(step, compiled);
  }

  /** Parameters and buffers where they lie, by full name. */
  get weights(): ReadonlyMap<string, DeviceTensor> {
    return this.#step.state;
  }

  /** The optimizer's slots where they lie, by full name. */
  get slots(): ReadonlyMap<string, DeviceTensor> {
    return this.#step.slots;
  }

  /** Names of the scalars that each step is fed. */
  get scalars(): readonly string[] {
    return this.#step.scalars;
  }

  /** Weights of the first of those pairs of views, for most methods the only one, `[N]`. */
  get pairWeights(): DeviceTensor<"float32"> {
    return this.pairs[0]!.weights;
  }

  /**
   * Takes one step. If the loss is not a finite number, nothing changes and the gradient's norm is NaN.
   *
   * @param scalars the learning rate and the other scalars of {@linkcode AccumulatedStep.scalars}, by name
   * @param write writes views of a micro-batch: called for each, and, but for one, for each again
   * @param draw what the method's permutations are drawn by; may be left out where it has none
   * @throws {TypeError} if a scalar is missing, or what permutations are drawn by
   */
  async run(
    scalars: Readonly<Record<string, number>>,
    write: WriteViews,
    draw?: StepDraw,
  ): Promise<StepResult> {
    const orders = writePermutations(this.#step, this.#permutations, draw);
    const size = this.deviceBatchSize;
    const rowsOf = (microBatch: number, { permutation }: PlacedMicroView) =>
      Array.from({ length: size }, (_, i) => {
        const place = microBatch * size + i;
        return permutation === undefined ? place : Number(orders.get(permutation)![place]!);
      });
    const outcome = await this.#step.run(
      scalars,
      (microBatch, views) =>
        write(views.map((view) => ({
          view: view.view,
          rows: rowsOf(microBatch, view),
          into: view.into,
        }))),
    );
    return stepResult(outcome, this.#metrics);
  }

  /**
   * Ends profiling; returns the paths of the traces of all models.
   *
   * @throws {TypeError} if option `profile` was not given, or profiling has ended
   */
  endProfiling(): string[] {
    return this.#step.endProfiling();
  }

  /** Releases the sessions and all tensors. */
  [Symbol.dispose](): void {
    this.#step[Symbol.dispose]();
  }
}
