/**
 * A training step that replicas of a network take together in one process.
 *
 * @module
 */
import type { DType } from "../../engine/graph/dtype.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { add } from "../../engine/ops/add.ts";
import type { Pack } from "../../engine/optim/mod.ts";
import { gradientName, nextName } from "../../engine/optim/step_names.ts";
import {
  type Binding,
  CPU,
  type DeviceTensor,
  type Placement,
  Session,
  type SessionOptions,
} from "../../engine/ort/mod.ts";
import { allDone } from "../../engine/step/all_done.ts";
import { BoundStep, type StepOutcome } from "../../engine/step/bound_step.ts";
import type { BuiltStep } from "../../engine/step/build_step.ts";
import { PackedTensors } from "../../engine/step/packed_tensors.ts";
import { withJointGradients } from "../../engine/step/rank_group.ts";
import {
  batchTensor,
  bindings,
  checkValues,
  initialSlots,
  isUsable,
  numbers,
  type StepValues,
  type Tensors,
  writeScalars,
} from "../../engine/step/step_tensors.ts";
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { counted } from "../../schema/counted.ts";
import { rowRange } from "../rows.ts";

/** Where a batch is written, by the names of its tensors. */
export interface BatchInputs {
  /**
   * The tensor of the whole batch under a name.
   *
   * @throws {TypeError} if the batch has none of this name and element type
   */
  input<D extends DType>(name: string, dtype: D): { write(value: Tensor<D>): void };
}

/** A step of a stage, by one network or by replicas of it. */
export interface StageStep extends BatchInputs, Pick<BoundStep, "state" | "slots">, Disposable {
  /**
   * Takes one step on the batch; losses and outputs are means over the whole of it. If the loss is not a finite number, or
   * gradients of a scaled loss are not, nothing changes.
   *
   * @param scalars the learning rate and the other scalars of the step, by name
   * @throws {TypeError} if a scalar is missing
   * @throws {OrtError} if a model fails, and then nothing has changed either
   */
  run(scalars: Readonly<Record<string, number>>): Promise<StepOutcome>;
}

/** How replicas share a processor. */
export interface ReplicaOptions {
  /** Where they run; its threads are shared out among them. */
  readonly placement: Placement;
  /** How many there are. */
  readonly replicas: number;
}

/**
 * Checks that replicas can share a batch.
 *
 * @throws {RangeError} if their number is no positive integer that divides the batch, there are more than threads, or there are
 * several on another device than the CPU
 */
export function checkReplicas(
  batchSize: number,
  { placement: { device, threads = 0 }, replicas }: ReplicaOptions,
): void {
  const isWhole = Number.isInteger(replicas) && replicas >= 1 && batchSize % replicas === 0;
  if (!isWhole) {
    throw new GenviewRangeError(
      `Cannot train by replicas: their number must divide the ${batchSize} images of a batch, found ${replicas}`,
    );
  }
  const all = threads || navigator.hardwareConcurrency;
  if (replicas > all) {
    throw new GenviewRangeError(
      `Cannot train by ${replicas} replicas on ${
        counted(all, "thread")
      }: each takes one at least; ask for fewer ` +
        "replicas or more threads",
    );
  }
  if (replicas > 1 && device.provider !== "cpu") {
    throw new GenviewRangeError(
      `Cannot train by ${replicas} replicas on ${device.provider}: they share the cores of a CPU; leave them out`,
    );
  }
}

/** For a session whose threads, once it has run, must not spin on cores that another session needs next. */
const STOPS_SPINNING = { "session.force_spinning_stop": "1" };

const sumName = (vector: number): string => `sum_${vector}`;
const termName = (vector: number, replica: number): string => `gradient_${vector}_${replica}`;

/** Sums the gradients in the order of the replicas, so that the sums are the same bit for bit in every run. */
function encodeSums(packs: readonly Pack[], replicas: number): Uint8Array<ArrayBuffer> {
  const sums = packs.map(({ dtype, length }, vector) => {
    const terms = Array.from(
      { length: replicas },
      (_, replica): Value => input(termName(vector, replica), dtype, [length]),
    );
    return [sumName(vector), terms.reduce((sum, term) => add(sum, term))] as const;
  });
  return encodeModel({ outputs: Object.fromEntries(sums) });
}

/** The models of a step, loaded. */
interface ReplicatedSessions {
  /** Batch and parameters to gradients, for each replica. */
  readonly replicas: readonly Session[];
  /** Their gradients to the sums. */
  readonly sum: Session;
  /** The sums to the parameters that follow. */
  readonly update: Session;
}

/** What a replica has for itself. */
interface Replica {
  readonly batch: Tensors;
  readonly outputs: Tensors;
  /** Its gradients, by name. */
  readonly made: Tensors;
  /** From batch and parameters to outputs and gradients. */
  readonly gradients: Binding;
}

/** Names of the gradients of a step. */
function gradientNames({ state }: BuiltStep): ReadonlySet<string> {
  return new Set(state.map(({ name }) => gradientName(name)));
}

/**
 * Checks that gradients are all that replicas have to agree on.
 *
 * @throws {TypeError} if the step was built for another number of ranks, takes micro-batches, or writes buffers
 */
function checkStep(step: BuiltStep, replicas: number): void {
  const gradients = gradientNames(step);
  const others = step.passed.filter(({ name }) => !gradients.has(name)).map(({ name }) => name);
  if (step.ranks === replicas && step.microBatches === 1 && others.length === 0) return;
  throw new GenviewTypeError(
    `Cannot train by ${replicas} replicas: the step must be built for as many ranks, take its batch at once and write no ` +
      `buffers, found one for ${counted(step.ranks, "rank")}, of ${
        counted(step.microBatches, "micro-batch", "micro-batches")
      }, that writes ${others.length === 0 ? "none" : others.join(", ")}`,
  );
}

/** How the tensors of a step lie in memory. */
interface StepPacks {
  readonly all: readonly Pack[];
  /** Those of the gradients, which all lie in some. */
  readonly gradients: readonly Pack[];
}

function packsOf(step: BuiltStep): StepPacks {
  const names = gradientNames(step);
  const all = withJointGradients(step.packs, step.passed, step.state.map(({ name }) => name));
  const gradients = all.filter(({ members }) => members.some(({ name }) => names.has(name)));
  return { all, gradients };
}

/** The threads of each replica: all of them, shared out. */
function threadsOf(replica: number, { placement: { threads }, replicas }: ReplicaOptions): number {
  const all = threads || navigator.hardwareConcurrency;
  return Math.floor(all / replicas) + (replica < all % replicas ? 1 : 0);
}

/**
 * A training step on a CPU by replicas of a network, which take equal parts of the batch on threads of their own. All read the
 * same parameters where they lie, and the sum of their gradients updates these once, on all threads. Where maps are small,
 * two replicas with a thread each are faster than one with two threads, most of whose time goes into waiting for each other
 * at every node.
 *
 * Source: Li et al. 2020, "PyTorch Distributed: experiences on accelerating data parallel training", within one process.
 */
class ReplicatedStep implements StageStep {
  readonly state: ReadonlyMap<string, DeviceTensor>;
  readonly slots: ReadonlyMap<string, DeviceTensor>;
  readonly #owned: DisposableStack;
  readonly #replicas: readonly Replica[];
  readonly #scalars: Tensors;
  readonly #measures: Tensors;
  readonly #sum: Binding;
  readonly #update: Binding;

  constructor(
    step: BuiltStep,
    packs: StepPacks,
    sessions: ReplicatedSessions,
    { state, slots = initialSlots(step) }: StepValues,
  ) {
    using owned = new DisposableStack();
    const packed = new PackedTensors(packs.all, CPU, owned);
    this.state = packed.putAll(step.state, state);
    this.slots = packed.putAll(step.slots, slots);
    this.#scalars = packed.zeros(step.scalars);
    this.#measures = packed.emptyAll(step.measures);
    const lasting = new Map([...this.state, ...this.slots, ...this.#scalars, ...packed.pieces]);
    const terms = new Map<string, DeviceTensor>();
    this.#replicas = sessions.replicas.map((session, replica) => {
      // The sums take the place of the first one's gradients, where the update reads them.
      const own = replica === 0 ? packed : new PackedTensors(packs.gradients, CPU, owned);
      const batch = own.emptyAll(step.batch);
      const outputs = own.emptyAll(step.outputs);
      const made = own.emptyAll(step.passed);
      packs.gradients.forEach(({ members }, i) => {
        const inPack = members.map(({ name }) => [name, made.get(name)!] as const);
        const [vector] = own.vectorsOf(new Map(inPack));
        terms.set(termName(i, replica), vector!);
      });
      const gradients = owned.use(session.bind(
        bindings(session.inputs, (name) => batch.get(name) ?? lasting.get(name)),
        bindings(session.outputs, (name) => made.get(name) ?? outputs.get(name)),
      ));
      return { batch, outputs, made, gradients };
    });
    const { sum, update } = sessions;
    const sums = new Map(
      packs.gradients.map((_, i) => [sumName(i), terms.get(termName(i, 0))]),
    );
    this.#sum = owned.use(sum.bind(
      bindings(sum.inputs, (name) => terms.get(name)),
      bindings(sum.outputs, (name) => sums.get(name)),
    ));
    const replaced = new Map([...lasting].map(([name, value]) => [nextName(name), value]));
    this.#update = owned.use(update.bind(
      bindings(update.inputs, (name) => lasting.get(name) ?? this.#replicas[0]!.made.get(name)),
      bindings(update.outputs, (name) => replaced.get(name) ?? this.#measures.get(name)),
    ));
    this.#owned = owned.move();
  }

  /** Loads all models at once. */
  static async create(
    step: BuiltStep,
    options: ReplicaOptions,
    values: StepValues,
  ): Promise<ReplicatedStep> {
    using owned = new DisposableStack();
    const { placement: { threads }, replicas } = options;
    checkStep(step, replicas);
    checkValues(step, values);
    const packs = packsOf(step);
    const load = async (model: Uint8Array<ArrayBuffer>, given: SessionOptions) =>
      owned.use(await Session.create(model, { ...given, config: STOPS_SPINNING }));
    const [sum, update, ...loaded] = await allDone(
      load(encodeSums(packs.gradients, replicas), { threads }),
      load(step.update, { threads }),
      ...Array.from(
        { length: replicas },
        (_, replica) => load(step.gradients, { threads: threadsOf(replica, options) }),
      ),
    );
    const made = new ReplicatedStep(step, packs, { replicas: loaded, sum, update }, values);
    made.#owned.use(owned.move());
    return made;
  }

  /** The tensor of the whole batch under a name, of which each replica is given its rows. */
  input<D extends DType>(name: string, dtype: D): { write(value: Tensor<D>): void } {
    const parts = this.#replicas.map(({ batch }) => batchTensor(batch, name, dtype));
    return {
      write(value) {
        const rows = value.shape[0]! / parts.length;
        parts.forEach((part, i) => part.write(rowRange(value, i * rows, rows)));
      },
    };
  }

  async run(scalars: Readonly<Record<string, number>>): Promise<StepOutcome> {
    writeScalars(this.#scalars, scalars);
    const running = await Promise.allSettled(
      this.#replicas.map(({ gradients }) => gradients.run()),
    );
    for (const each of running) if (each.status === "rejected") throw each.reason;
    const seen = this.#replicas.map(({ outputs }) => numbers(outputs));
    const { loss, ...outputs } = Object.fromEntries(
      Object.keys(seen[0]!).map((name) => [
        name,
        seen.reduce((sum, each) => sum + each[name]!, 0) / seen.length,
      ]),
    ) as { loss: number };
    const updated = isUsable(loss, outputs);
    if (updated) {
      await this.#sum.run();
      await this.#update.run();
    }
    return { loss, updated, outputs, measures: updated ? numbers(this.#measures) : {} };
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/**
 * Loads a step of a stage, by one network wherever it runs, or by replicas on a CPU.
 *
 * @param step built for as many ranks as there are replicas, on a part of the batch
 * @throws {TypeError} if a tensor is missing or of another type, or the step was built for another number of replicas
 * @throws {OrtError} if the device cannot run a model
 */
export async function openStageStep(
  step: BuiltStep,
  options: ReplicaOptions,
  values: StepValues,
): Promise<StageStep> {
  return options.replicas === 1
    ? await BoundStep.create(step, options.placement, values)
    : await ReplicatedStep.create(step, options, values);
}
