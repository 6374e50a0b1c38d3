/**
 * A training step by micro-batches on a device: all models loaded, and everything that lasts from step to step bound to
 * them once.
 *
 * @module
 */
import { type DType, viewBytes } from "../../../engine/graph/dtype.ts";
import { tensor } from "../../../engine/graph/tensor.ts";
import {
  accumulatedName,
  gradientName,
  keptName,
  nextName,
} from "../../../engine/optim/step_names.ts";
import { type Binding, CPU, DeviceTensor, type Session } from "../../../engine/ort/mod.ts";
import type {
  BoundStepOptions,
  StepOutcome,
  StepTensor,
  StepValues,
} from "../../../engine/step/mod.ts";
import { bindInTurn, bufferTurns } from "../../../engine/step/micro_batches.ts";
import {
  averagedScalars,
  checkRanks,
  checkSameModels,
  gradientsAmong,
  type RankGroup,
  withJointGradients,
} from "../../../engine/step/rank_group.ts";
import { PackedTensors } from "../../../engine/step/packed_tensors.ts";
import {
  batchTensor,
  bindings,
  checkValues,
  initialSlots,
  isUsable,
  loadModel,
  numbers,
  type Tensors,
  writeScalars,
} from "../../../engine/step/step_tensors.ts";
import { BlockRows } from "./block_rows.ts";
import type { BuiltAccumulation } from "./build_accumulation.ts";

/** A view of a micro-batch where it lies. */
export interface PlacedMicroView {
  /** Index of the view. */
  readonly view: number;
  /** The permutation of the whole batch in whose order its samples come; their own when left out. */
  readonly permutation?: string;
  /** Takes the samples, `[M,3,H,W]`. */
  readonly into: DeviceTensor<"float32">;
}

/** Writes some views of a micro-batch, counted from 0. */
export type PlaceMicroBatch = (
  microBatch: number,
  views: readonly PlacedMicroView[],
) => Promise<void>;

/** The models of a step, loaded. */
interface Sessions {
  readonly forward: Session;
  readonly loss: Session;
  readonly backward: Session;
  readonly update: Session;
}

/** What networks give, on its way to the whole batch's loss, and the gradient by it on its way back. */
interface BoundCut {
  /** Output of the first model, on the host. */
  readonly given: DeviceTensor;
  /** Input of the second. */
  readonly taken: DeviceTensor;
  /** Its rows on the host: of the second's input itself, where that is there. */
  readonly rows: BlockRows;
  /** The gradient by it, where the networks depend on it. */
  readonly gradient?: {
    /** Output of the second model, on the host. */
    readonly given: DeviceTensor;
    /** Input of the third. */
    readonly taken: DeviceTensor;
    /** The rows of the second model's output. */
    readonly rows: BlockRows;
  };
}

/** A training step by micro-batches that is loaded, placed and bound. */
export class BoundAccumulation implements Disposable {
  /** Parameters, averages, buffers and what stays as it is, where they lie, by name. */
  readonly state: ReadonlyMap<string, DeviceTensor>;
  /** The optimizer's slots where they lie, by name. */
  readonly slots: ReadonlyMap<string, DeviceTensor>;
  readonly #owned: DisposableStack;
  readonly #microBatches: number;
  readonly #batch: Tensors;
  readonly #scalars: Tensors;
  readonly #outputs: Tensors;
  readonly #measures: Tensors;
  readonly #views: Readonly<Record<"forward" | "backward", readonly PlacedMicroView[]>>;
  readonly #cuts: readonly BoundCut[];
  readonly #sessions: Sessions;
  /** The first model on the i-th micro-batch. */
  readonly #forward: readonly Binding[];
  readonly #loss: Binding;
  readonly #backward: Binding;
  readonly #update: Binding;
  readonly #group: RankGroup | undefined;
  /** The gradients as they pass between processes. */
  readonly #averaged: readonly DeviceTensor[];

  private constructor(
    step: BuiltAccumulation,
    sessions: Sessions,
    { device, group }: BoundStepOptions,
    values: StepValues,
  ) {
    using owned = new DisposableStack();
    const parameters = step.state.map(({ name }) => name);
    const isJoint = group !== undefined && device.provider !== "webgpu";
    const packs = isJoint ? withJointGradients(step.packs, step.passed, parameters) : step.packs;
    const packed = new PackedTensors(packs, device, owned);
    const empty = ({ dtype, shape }: Pick<StepTensor, "dtype" | "shape">, where = device) =>
      owned.use(DeviceTensor.empty({ dtype, shape }, where));
    const room = (types: readonly StepTensor[], where = device) =>
      new Map(types.map((type) => [type.name, empty(type, where)]));
    this.state = packed.putAll(step.state, values.state);
    this.slots = packed.putAll(step.slots, values.slots ?? initialSlots(step));
    this.#microBatches = step.microBatches;
    this.#batch = room(step.batch);
    this.#scalars = packed.zeros(step.scalars);
    this.#outputs = room(step.outputs, CPU);
    this.#measures = room(step.measures, CPU);
    const passed = packed.emptyAll(step.passed);
    this.#group = group;
    this.#averaged = packed.vectorsOf(gradientsAmong(passed, parameters));
    const { forward, loss, backward, update } = sessions;

    const reads = ({ inputs }: Session, name: string) =>
      inputs.some((input) => input.name === name);
    const views = step.views.filter(({ name }) => reads(forward, name) || reads(backward, name));
    const pixels = room(views);
    const placed = (session: Session) =>
      views.filter(({ name }) => reads(session, name)).map(({ view, permutation, name }) => ({
        view,
        ...(permutation !== undefined && { permutation }),
        into: pixels.get(name) as DeviceTensor<"float32">,
      }));
    this.#views = { forward: placed(forward), backward: placed(backward) };

    const given = new Map<string, DeviceTensor>();
    const taken = new Map<string, DeviceTensor>();
    this.#cuts = step.cuts.map(({ name, micro, whole, differentiated }) => {
      const { deviceBatchSize } = step;
      const place = { given: empty(micro, CPU), taken: empty(whole) };
      // On the host the rows go straight to where the loss reads them.
      const bytes = device.provider === "cpu" ? memoryOf(place.taken) : undefined;
      const cut = {
        ...place,
        rows: new BlockRows({ micro, whole, deviceBatchSize, ...(bytes && { bytes }) }),
      };
      given.set(name, cut.given);
      taken.set(name, cut.taken);
      if (!differentiated) return cut;
      const ofWhole = empty(whole, CPU);
      const gradient = {
        given: ofWhole,
        taken: empty(micro),
        rows: new BlockRows({ micro, whole, deviceBatchSize, bytes: memoryOf(ofWhole) }),
      };
      given.set(gradientName(name), gradient.given);
      taken.set(gradientName(name), gradient.taken);
      return { ...cut, gradient };
    });

    const lasting = new Map([...this.state, ...this.slots, ...packed.pieces]);
    const read = new Map([...lasting, ...this.#batch, ...this.#scalars, ...pixels, ...taken]);
    const replaced = new Map([...lasting].map(([name, value]) => [nextName(name), value]));
    const { running, microBatches } = step;
    const turns = bufferTurns(
      microBatches,
      running.map(({ name }) => name),
      passed,
      room(microBatches > 1 ? running : []),
    );
    this.#forward = bindInTurn(microBatches, (i) =>
      owned.use(forward.bind(
        bindings(forward.inputs, (name) => turns.read(i, name) ?? read.get(name)),
        bindings(
          forward.outputs,
          (name) => turns.write(i, name) ?? given.get(name) ?? passed.get(name),
        ),
      )));
    this.#loss = owned.use(loss.bind(
      bindings(loss.inputs, (name) => read.get(name)),
      bindings(
        loss.outputs,
        (name) => passed.get(name) ?? given.get(name) ?? this.#outputs.get(name),
      ),
    ));
    const sums = new Map(
      step.state.map(({ name }) => [accumulatedName(name), passed.get(gradientName(name))]),
    );
    this.#backward = owned.use(backward.bind(
      bindings(backward.inputs, (name) => read.get(name) ?? sums.get(name)),
      bindings(backward.outputs, (name) => passed.get(name) ?? this.#outputs.get(name)),
    ));
    this.#update = owned.use(update.bind(
      bindings(
        update.inputs,
        (name) => passed.get(keptName(name)) ?? read.get(name) ?? passed.get(name),
      ),
      bindings(update.outputs, (name) => replaced.get(name) ?? this.#measures.get(name)),
    ));
    this.#sessions = sessions;
    this.#owned = owned.move();
  }

  /**
   * Loads the models and puts all that lasts on the device. On a device other than the CPU, every node must run there.
   *
   * @throws {TypeError} if a tensor is missing or of another type, or the step was built for other numbers of processes or is
   *   not the same on all of them
   * @throws {OrtError} if the device cannot run a model
   */
  static async create(
    step: BuiltAccumulation,
    options: BoundStepOptions,
    values: StepValues,
  ): Promise<BoundAccumulation> {
    checkValues(step, values);
    checkRanks(step, options);
    await checkSameModels(
      [step.forward, step.loss, step.backward, step.update],
      options.group,
    );
    using owned = new DisposableStack();
    const load = async (name: keyof Sessions) =>
      owned.use(await loadModel(step[name], name, options));
    const sessions = {
      forward: await load("forward"),
      loss: await load("loss"),
      backward: await load("backward"),
      update: await load("update"),
    };
    const bound = new BoundAccumulation(step, sessions, options, values);
    bound.#owned.use(owned.move());
    return bound;
  }

  /**
   * The tensor of the whole batch under a name, to be written before each step.
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
   * Takes one step. If the loss is not a finite number, or gradients of a scaled loss are not, nothing changes.
   *
   * @param scalars the learning rate and the other scalars of {@linkcode BoundAccumulation.scalars}, by name
   * @param place writes views; called for each micro-batch, and, but for one, for each again
   * @throws {TypeError} if a scalar is missing
   */
  async run(
    scalars: Readonly<Record<string, number>>,
    place: PlaceMicroBatch,
  ): Promise<StepOutcome> {
    writeScalars(this.#scalars, scalars);
    for (const [i, forward] of this.#forward.entries()) {
      await place(i, this.#views.forward);
      await forward.run();
      for (const { given, rows } of this.#cuts) rows.write(i, memoryOf(given));
    }
    for (const { taken, rows } of this.#cuts) {
      if (taken.device.provider !== "cpu") writeBytes(taken, rows.bytes);
    }
    await this.#loss.run();
    const { loss, ...made } = await this.#shown();
    if (!Number.isFinite(loss)) return { loss, updated: false, outputs: made, measures: {} };
    // From the last to the first, because the views of the last one are still there.
    for (let i = this.#microBatches - 1; i >= 0; i--) {
      if (i < this.#microBatches - 1) await place(i, this.#views.backward);
      for (const { gradient } of this.#cuts) {
        if (gradient !== undefined) writeBytes(gradient.taken, gradient.rows.read(i));
      }
      await this.#backward.run();
    }
    const { loss: _loss, ...outputs } = await this.#shown();
    if (!isUsable(loss, outputs)) return { loss, updated: false, outputs, measures: {} };
    for (const vector of this.#averaged) await this.#group?.allReduce(vector, "sum");
    await this.#update.run();
    return { loss, updated: true, outputs, measures: numbers(this.#measures) };
  }

  /** What is shown of the step, the mean over all processes. */
  async #shown(): Promise<{ readonly loss: number } & Readonly<Record<string, number>>> {
    const shown = await averagedScalars(numbers(this.#outputs), this.#group);
    return shown as { readonly loss: number } & Readonly<Record<string, number>>;
  }

  /**
   * Ends profiling; returns the paths of the traces of all models.
   *
   * @throws {TypeError} if option `profile` was not given, or profiling has ended
   */
  endProfiling(): string[] {
    return Object.values(this.#sessions).map((session: Session) => session.endProfiling());
  }

  /** Releases the sessions and all tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** The memory of a tensor on the host, in place. */
function memoryOf({ data }: DeviceTensor): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

function writeBytes(target: DeviceTensor, bytes: Uint8Array<ArrayBuffer>): void {
  const { dtype, shape } = target.type;
  target.write(tensor(dtype, shape, viewBytes(dtype, bytes)));
}
