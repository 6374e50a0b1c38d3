/**
 * A training step on a device: both models loaded, and everything that lasts from step to step bound to them once.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { DType } from "../graph/dtype.ts";
import { filled } from "../graph/tensor.ts";
import {
  accumulatedName,
  ACCUMULATES,
  gradientName,
  keptName,
  nextName,
  writtenName,
} from "../optim/step_names.ts";
import { type Binding, CPU, DeviceTensor, type Session } from "../ort/mod.ts";
import { allDone } from "./all_done.ts";
import type { BuiltStep, StepTensor } from "./build_step.ts";
import { bindInTurn, bufferTurns } from "./micro_batches.ts";
import { PackedTensors } from "./packed_tensors.ts";
import {
  averagedScalars,
  checkRanks,
  checkSameModels,
  gradientsAmong,
  type RankGroup,
  withJointGradients,
} from "./rank_group.ts";
import {
  batchTensor,
  bindings,
  type BoundStepOptions,
  checkValues,
  initialSlots,
  isUsable,
  loadModel,
  numbers,
  type StepValues,
  type Tensors,
  writeScalars,
} from "./step_tensors.ts";

/** What a step reports. */
export interface StepOutcome {
  /** The loss before the step. */
  readonly loss: number;
  /** Whether the loss and, where it is scaled, all gradients were finite, so that the update took place. */
  readonly updated: boolean;
  /** The further outputs, by name. */
  readonly outputs: Readonly<Record<string, number>>;
  /** What the update measured, by name; empty if it did not take place. */
  readonly measures: Readonly<Record<string, number>>;
}

/** A training step that is loaded, placed and bound. */
export class BoundStep implements Disposable {
  /** Parameters, averages, buffers and what stays as it is, where they lie, by name. */
  readonly state: ReadonlyMap<string, DeviceTensor>;
  /** The optimizer's slots where they lie, by name. */
  readonly slots: ReadonlyMap<string, DeviceTensor>;
  readonly #owned: DisposableStack;
  readonly #batch: Tensors;
  readonly #scalars: Tensors;
  readonly #outputs: Tensors;
  readonly #measures: Tensors;
  readonly #sessions: readonly Session[];
  /** The first model on the i-th micro-batch. */
  readonly #gradients: readonly Binding[];
  /** Tells the first model whether there are micro-batches before. */
  readonly #accumulates: DeviceTensor;
  readonly #update: Binding;
  readonly #group: RankGroup | undefined;
  /** The gradients as they pass between processes. */
  readonly #averaged: readonly DeviceTensor[];

  private constructor(
    step: BuiltStep,
    sessions: readonly [gradients: Session, update: Session],
    { device, cudaGraphs, group }: BoundStepOptions,
    values: StepValues,
  ) {
    using owned = new DisposableStack();
    const parameters = step.state.map(({ name }) => name);
    const isJoint = group !== undefined && device.provider !== "webgpu";
    const packs = isJoint ? withJointGradients(step.packs, step.passed, parameters) : step.packs;
    const packed = new PackedTensors(packs, device, owned);
    const onHost = (types: readonly StepTensor[]) =>
      new Map(types.map(({ name, ...type }) => [name, owned.use(DeviceTensor.empty(type, CPU))]));
    this.state = packed.putAll(step.state, values.state);
    this.slots = packed.putAll(step.slots, values.slots ?? initialSlots(step));
    this.#batch = packed.emptyAll(step.batch);
    this.#scalars = packed.zeros(step.scalars);
    // A captured graph copies nothing to the host.
    this.#outputs = cudaGraphs ? packed.emptyAll(step.outputs) : onHost(step.outputs);
    this.#measures = onHost(step.measures);
    const passed = packed.emptyAll(step.passed);
    this.#group = group;
    this.#averaged = packed.vectorsOf(gradientsAmong(passed, parameters));

    const [first, second] = sessions;
    const lasting = new Map([...this.state, ...this.slots, ...packed.pieces]);
    const read = new Map([...lasting, ...this.#batch, ...this.#scalars]);
    const replaced = new Map([...lasting].map(([name, value]) => [nextName(name), value]));
    const { microBatches } = step;
    const running = step.state.filter(({ name }) => passed.has(writtenName(name)));
    const spare = new Map(
      microBatches === 1
        ? []
        : running.map(({ name, ...type }) => [name, owned.use(DeviceTensor.empty(type, device))]),
    );
    const turns = bufferTurns(microBatches, running.map(({ name }) => name), passed, spare);
    const sums = new Map(
      step.state.map(({ name }) => [accumulatedName(name), passed.get(gradientName(name))]),
    );
    const { dtype } = step.outputs.find(({ name }) => name === "loss")!;
    this.#accumulates = owned.use(DeviceTensor.empty({ dtype, shape: [] }, device));
    const own = new Map([[ACCUMULATES, this.#accumulates]]);
    this.#gradients = bindInTurn(microBatches, (i) =>
      owned.use(first.bind(
        bindings(
          first.inputs,
          (name) => turns.read(i, name) ?? read.get(name) ?? sums.get(name) ?? own.get(name),
        ),
        bindings(
          first.outputs,
          (name) => turns.write(i, name) ?? passed.get(name) ?? this.#outputs.get(name),
        ),
      )));
    this.#update = owned.use(second.bind(
      bindings(
        second.inputs,
        (name) => passed.get(keptName(name)) ?? read.get(name) ?? passed.get(name),
      ),
      bindings(second.outputs, (name) => replaced.get(name) ?? this.#measures.get(name)),
    ));
    this.#sessions = sessions;
    this.#owned = owned.move();
  }

  /**
   * Loads both models at once and puts all that lasts on the device. On a device other than the CPU, every node must run
   * there.
   *
   * @param values what the step starts from, which may still be on its way
   * @throws {TypeError} if a tensor is missing or of another type, the step was built for other numbers of processes or is not
   *   the same on all of them, or it is by micro-batches, which are bound one by one, and a CUDA graph is to be captured
   * @throws {OrtError} if the device cannot run a model
   */
  static async create(
    step: BuiltStep,
    options: BoundStepOptions,
    values: StepValues | Promise<StepValues>,
  ): Promise<BoundStep> {
    using owned = new DisposableStack();
    // Nothing is thrown before what the step starts from has been waited for: it may fail as well.
    const fit = async () => {
      checkRanks(step, options);
      if (options.cudaGraphs && step.microBatches > 1) {
        throw new GenviewTypeError(
          `Cannot capture a CUDA graph: the step must take its batch at once, found ${step.microBatches} micro-batches`,
        );
      }
      await checkSameModels([step.gradients, step.update], options.group);
    };
    const load = async (name: "gradients" | "update") =>
      owned.use(await loadModel(step[name], name, options));
    const check = async () => {
      const given = await values;
      checkValues(step, given);
      return given;
    };
    const [, given, gradients, update] = await allDone(
      fit(),
      check(),
      load("gradients"),
      load("update"),
    );
    const bound = new BoundStep(step, [gradients, update], options, given);
    bound.#owned.use(owned.move());
    return bound;
  }

  /**
   * The tensor of the batch under a name, to be written before each step.
   *
   * @throws {TypeError} if the batch has none of this name and element type
   */
  input<D extends DType>(name: string, dtype: D): DeviceTensor<D> {
    return batchTensor(this.#batch, name, dtype);
  }

  /** Names of the scalars that each step is given. */
  get scalars(): readonly string[] {
    return [...this.#scalars.keys()];
  }

  /**
   * Takes one step on the batch. If the loss is not a finite number, or gradients of a scaled loss are not, nothing changes.
   *
   * @param scalars the learning rate and the other scalars of {@linkcode BoundStep.scalars}, by name
   * @param place writes the batch, or a micro-batch counted from 0; without one, all find what was written before
   * @throws {TypeError} if a scalar is missing
   */
  async run(
    scalars: Readonly<Record<string, number>>,
    place: (microBatch: number) => void | Promise<void> = () => {},
  ): Promise<StepOutcome> {
    writeScalars(this.#scalars, scalars);
    const parts = this.#gradients.length;
    let sum = 0;
    let further: Readonly<Record<string, number>> = {};
    for (const [i, gradients] of this.#gradients.entries()) {
      await place(i);
      if (parts > 1) {
        this.#accumulates.write(filled(this.#accumulates.type.dtype, [], Math.min(i, 1)));
      }
      await gradients.run();
      const { loss, ...others } = numbers(this.#outputs) as { loss: number };
      sum += loss;
      further = others;
    }
    const shown = await averagedScalars({ ...further, loss: sum / parts }, this.#group);
    const { loss, ...outputs } = shown;
    const updated = isUsable(loss, outputs);
    if (updated) {
      for (const vector of this.#averaged) await this.#group?.allReduce(vector, "sum");
      await this.#update.run();
    }
    return { loss, updated, outputs, measures: updated ? numbers(this.#measures) : {} };
  }

  /**
   * Ends profiling; returns the paths of the traces of both models.
   *
   * @throws {TypeError} if option `profile` was not given, or profiling has ended
   */
  endProfiling(): string[] {
    return this.#sessions.map((session) => session.endProfiling());
  }

  /** Releases the sessions and all tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
