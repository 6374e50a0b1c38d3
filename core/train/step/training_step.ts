/**
 * A method's training step on a device: two graphs, whose parameters, optimizer state and buffers never leave it.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import { pieceLengthFor } from "../../engine/optim/mod.ts";
import { viewName } from "../../engine/optim/step_names.ts";
import type { DeviceTensor } from "../../engine/ort/mod.ts";
import { BoundStep, type BoundStepOptions } from "../../engine/step/mod.ts";
import {
  buildMethodStep,
  type MethodStep,
  type MethodStepOptions,
  type StepGraph,
} from "./method_step.ts";
import {
  type PairInput,
  placePairs,
  type StepDraw,
  type StepResult,
  stepResult,
  writePermutations,
} from "./step_inputs.ts";

/** How a step is computed. */
export interface TrainingStepOptions extends BoundStepOptions, MethodStepOptions {}

/** A method's training step, compiled and bound. */
export class TrainingStep implements Disposable {
  /** The views `[N,3,H,W]`, to be written before each step. */
  readonly views: readonly DeviceTensor<"float32">[];
  /** Weights of the pairs that the method reads, to be written before each step. */
  readonly pairs: readonly PairInput[];
  /** Parameter rules that no parameter follows. */
  readonly warnings: readonly string[];
  readonly #step: BoundStep;
  readonly #metrics: readonly string[];
  readonly #permutations: readonly string[];

  private constructor(step: BoundStep, compiled: MethodStep) {
    this.views = Array.from(
      { length: compiled.views },
      (_, i) => step.input(viewName(i), "float32"),
    );
    this.pairs = placePairs(step, compiled);
    this.#permutations = compiled.permutations;
    this.warnings = compiled.built.warnings;
    this.#step = step;
    this.#metrics = compiled.metrics;
  }

  /**
   * Differentiates, encodes and loads a method's graphs and puts its state on the device.
   *
   * @param model values of all parameters and buffers, by full name
   * @param optimizer values of the optimizer's slots; their initial ones when left out
   * @throws {TypeError} if the loss does not depend on a parameter, or a tensor is missing or of another shape
   */
  static async create(
    graph: StepGraph,
    options: TrainingStepOptions,
    model: ReadonlyMap<string, Tensor>,
    optimizer?: ReadonlyMap<string, Tensor>,
  ): Promise<TrainingStep> {
    const { provider } = options.device;
    const compiled = buildMethodStep(graph, { pieceLength: pieceLengthFor(provider), ...options });
    return await TrainingStep.bind(compiled, options, model, optimizer);
  }

  /**
   * Loads the graphs of a step that was compiled elsewhere and puts its state on the device.
   *
   * @param model values of all parameters and buffers, by full name, which may still be on their way
   * @param optimizer values of the optimizer's slots; their initial ones when left out
   * @throws {TypeError} if a tensor is missing or of another shape
   */
  static async bind(
    compiled: MethodStep,
    options: BoundStepOptions,
    model: ReadonlyMap<string, Tensor> | Promise<ReadonlyMap<string, Tensor>>,
    optimizer?: ReadonlyMap<string, Tensor>,
  ): Promise<TrainingStep> {
    const values = Promise.resolve(model).then((state) => ({ state, slots: optimizer }));
    return new TrainingStep(await BoundStep.create(compiled.built, options, values), compiled);
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
   * Takes one step on the views. If the loss is not a finite number, nothing changes and the gradient's norm is NaN.
   *
   * @param scalars the learning rate and the other scalars of {@linkcode TrainingStep.scalars}, by name
   * @param draw what the method's permutations are drawn by; may be left out where it has none
   * @throws {TypeError} if a scalar is missing, or what permutations are drawn by
   */
  async run(scalars: Readonly<Record<string, number>>, draw?: StepDraw): Promise<StepResult> {
    writePermutations(this.#step, this.#permutations, draw);
    return stepResult(await this.#step.run(scalars), this.#metrics);
  }

  /**
   * Ends profiling; returns the paths of the two traces.
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
