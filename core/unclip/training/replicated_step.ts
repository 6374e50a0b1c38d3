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
import { BoundStep, type StepOutcome } from "../../engine/step/bound_step.ts";
import type { BuiltStep, StepTensor } from "../../engine/step/build_step.ts";
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
  /** The tensor of the whole batch under a name. */
  input<D extends DType>(name: string, dtype: D): { write(value: Tensor<D>): void };
}

/** A step of a stage, by one network or by replicas of it. */
export interface StageStep extends BatchInputs, Pick<BoundStep, "state" | "slots">, Disposable {
  /** Takes one step on the batch; losses and outputs are means over the whole of it. */
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
  if (threads > 0 && replicas > threads) {
    throw new GenviewRangeError(
      `Cannot train by ${replicas} replicas on ${
        counted(threads, "thread")
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

/** Threads of the update leave their cores to the replicas as soon as it has ended. */
const BETWEEN_REPLICAS = { "session.force_spinning_stop": "1" };

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
  readonly gradients: Binding;
}

/** What replicas share, and how the step's tensors lie. */
function layoutOf(step: BuiltStep, replicas: number) {
  const parameters = step.state.map(({ name }) => name);
  const gradients = new Set(parameters.map(gradientName));
  const others = step.passed.filter(({ name }) => !gradients.has(name));
  if (step.ranks !== replicas || step.microBatches > 1 || others.length > 0) {
    throw new GenviewTypeError(
      `Cannot train by ${replicas} replicas: the step must be built for as many ranks, take its batch at once and write no ` +
        `buffers, found one for ${
          counted(step.ranks, "rank")
        }, by ${step.microBatches}, that passes on ${
          others.map(({ name }) => `"${name}"`).join(", ") || "gradients alone"
        }`,
    );
  }
  const packs = withJointGradients(step.packs, step.passed, parameters);
  const gradientPacks = packs.filter(({ members }) =>
    members.some(({ name }) => gradients.has(name))
  );
  return { packs, gradientPacks };
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
    sessions: ReplicatedSessions,
    { state, slots = initialSlots(step) }: StepValues,
  ) {
    using owned = new DisposableStack();
    const { packs, gradientPacks } = layoutOf(step, sessions.replicas.length);
    const packed = new PackedTensors(packs, CPU, owned);
    const place = (types: readonly { readonly name: string }[], given: StepValues["state"]) =>
      new Map(types.map(({ name }) => [name, packed.put(name, given.get(name)!)]));
    const empty = (types: readonly StepTensor[], at = packed) =>
      new Map(types.map(({ name, ...type }) => [name, at.empty(name, type)]));
    this.state = place(step.state, state);
    this.slots = place(step.slots, slots);
    this.#scalars = empty(step.scalars);
    this.#measures = empty(step.measures);
    const lasting = new Map([...this.state, ...this.slots, ...this.#scalars, ...packed.pieces]);
    const terms = new Map<string, DeviceTensor>();
    const passed: Tensors[] = [];
    this.#replicas = sessions.replicas.map((session, replica) => {
      // The sums take the place of the first one's gradients, where the update reads them.
      const own = replica === 0 ? packed : new PackedTensors(gradientPacks, CPU, owned);
      const batch = empty(step.batch, own);
      const outputs = empty(step.outputs, own);
      const made = empty(step.passed, own);
      passed.push(made);
      own.vectorsOf(made).forEach((vector, i) => terms.set(termName(i, replica), vector));
      const gradients = owned.use(session.bind(
        bindings(session.inputs, (name) => batch.get(name) ?? lasting.get(name)),
        bindings(session.outputs, (name) => made.get(name) ?? outputs.get(name)),
      ));
      return { batch, outputs, gradients };
    });
    const { sum, update } = sessions;
    const sums = new Map(gradientPacks.map((_, i) => [sumName(i), terms.get(termName(i, 0))]));
    this.#sum = owned.use(sum.bind(
      bindings(sum.inputs, (name) => terms.get(name)),
      bindings(sum.outputs, (name) => sums.get(name)),
    ));
    const replaced = new Map([...lasting].map(([name, value]) => [nextName(name), value]));
    this.#update = owned.use(update.bind(
      bindings(update.inputs, (name) => lasting.get(name) ?? passed[0]!.get(name)),
      bindings(update.outputs, (name) => replaced.get(name) ?? this.#measures.get(name)),
    ));
    this.#owned = owned.move();
  }

  /** Loads all models. */
  static async create(
    step: BuiltStep,
    { placement, replicas }: ReplicaOptions,
    values: StepValues,
  ): Promise<ReplicatedStep> {
    using owned = new DisposableStack();
    checkValues(step, values);
    const { gradientPacks } = layoutOf(step, replicas);
    const threads = placement.threads || navigator.hardwareConcurrency;
    const own = Math.max(1, Math.floor(threads / replicas));
    const load = async (model: Uint8Array<ArrayBuffer>, options: SessionOptions) =>
      owned.use(await Session.create(model, options));
    const loadJoint = (model: Uint8Array<ArrayBuffer>) =>
      load(model, { threads, config: BETWEEN_REPLICAS });
    const sessions = {
      replicas: await Promise.all(
        Array.from({ length: replicas }, () => load(step.gradients, { threads: own })),
      ),
      sum: await loadJoint(encodeSums(gradientPacks, replicas)),
      update: await loadJoint(step.update),
    };
    const made = new ReplicatedStep(step, sessions, values);
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
