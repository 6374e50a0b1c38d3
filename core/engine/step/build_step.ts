/**
 * A training step as two models. The first computes the loss, its gradients and what the forward pass writes to
 * buffers; the second takes all of that over, in the memory of what it replaces. Between the two is where gradients are
 * averaged over processes.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { gradients } from "../autodiff/gradients.ts";
import { formatType, type TensorType } from "../graph/tensor.ts";
import { input, type Value } from "../graph/value.ts";
import { encodeModel } from "../onnx/encode_model.ts";
import { add } from "../ops/add.ts";
import { identity } from "../ops/identity.ts";
import { beforeReshapes } from "../ops/reshape.ts";
import { less } from "../ops/less.ts";
import { mul } from "../ops/mul.ts";
import { where } from "../ops/where.ts";
import {
  buildUpdate,
  jointNorm,
  type Pack,
  type Slot,
  type UpdateGraph,
  type UpdateOptions,
} from "../optim/mod.ts";
import { piecesOf } from "../optim/pack.ts";
import { type RunningBuffer, runningBuffer, statisticsOf } from "../optim/running_buffers.ts";
import {
  accumulatedName,
  ACCUMULATES,
  frozenName,
  gradientName,
  keptName,
  LOSS_SCALE,
  nextName,
  SCALED_GRADIENT_NORM,
  writtenName,
} from "../optim/step_names.ts";
import type { Precision } from "../precision/precision.ts";
import { encodeStep, gradientSeed, inPrecision, ranksOf, scalesLoss } from "./step_precision.ts";

/** What {@linkcode buildStep} builds. */
export interface StepOptions
  extends Omit<UpdateOptions, "buffers" | "running" | "frozen" | "lossScaling"> {
  /** The scalar to minimise. */
  readonly loss: Value;
  /** Further scalars to read after a step, by name. */
  readonly outputs?: Readonly<Record<string, Value>>;
  /** Inputs that are written before each step, such as images. */
  readonly batch: readonly Value[];
  /** Inputs that last from step to step: the parameters, averages and buffers, and what stays as it is. */
  readonly state: readonly Value[];
  /** What the forward pass writes to buffers of the state, by name. */
  readonly buffers?: ReadonlyMap<string, Value>;
  /**
   * Whether parameters are frozen in a step, bool scalars by name, which the first model computes; see
   * `UpdateOptions.frozen`.
   */
  readonly frozen?: ReadonlyMap<string, Value>;
  /** Scalar inputs that are set at each step, beside the update's own. */
  readonly scalars?: readonly Value[];
  /**
   * What the forward and the backward pass compute in (default `float32`); see `mixPrecision`. With float16 the loss is
   * scaled: the scalars `loss_scale` and `inverse_loss_scale` are set at each step, and a step whose gradients overflow
   * changes nothing.
   */
  readonly precision?: Precision;
  /**
   * Micro-batches that a step takes one after the other (default 1). The loss is their mean, and they write buffers in
   * turn. What `batch` declares is then of one of them, and there are no further outputs.
   */
  readonly microBatches?: number;
  /** Whether the models say the type of every value, as their memory is estimated by (default no). */
  readonly typed?: boolean;
}

/** A tensor that a step reads or makes. */
export interface StepTensor extends TensorType {
  /** Name of the models' input or output. */
  readonly name: string;
}

/** A training step as plain data, which one worker can hand to another. */
export interface BuiltStep {
  /** How many processes take the step together, each on a batch of its own. */
  readonly ranks: number;
  /** The first model: from batch, state and scalars to the loss, further outputs, and what passes to the second. */
  readonly gradients: Uint8Array<ArrayBuffer>;
  /** The second model: from state, slots, scalars and what the first made to what takes their place. */
  readonly update: Uint8Array<ArrayBuffer>;
  /** Micro-batches that a step takes one after the other. */
  readonly microBatches: number;
  /** To be written before each step, or each of its micro-batches. */
  readonly batch: readonly StepTensor[];
  /** Lasts from step to step. */
  readonly state: readonly StepTensor[];
  /** The optimizer's state. */
  readonly slots: readonly Slot[];
  /** Scalars to be set at each step. */
  readonly scalars: readonly StepTensor[];
  /**
   * Made by the first model and read by the second: gradients, what is written to buffers, copies of buffers, and
   * whether parameters are frozen.
   */
  readonly passed: readonly StepTensor[];
  /** What of all this lies in vectors, which the second model reads and makes in its place. */
  readonly packs: readonly Pack[];
  /**
   * Scalars that the first model makes for people: `loss`, and the further outputs; `scaled_gradient_norm` where the loss
   * is scaled.
   */
  readonly outputs: readonly StepTensor[];
  /** Scalars that the second model makes for people: `gradient_norm` and `finite`, as far as they were asked for. */
  readonly measures: readonly StepTensor[];
  /** A sentence for each parameter rule that no parameter follows. */
  readonly warnings: readonly string[];
}

function nameOf({ source, type }: Value): string {
  if (source.kind === "input") return source.name;
  throw new GenviewTypeError(
    `Cannot build a step: batch, state, parameters and scalars must be inputs, found a ${
      formatType(type)
    }`,
  );
}

/** A value as a model declares it under a name. */
export function declare(name: string, { type: { dtype, shape } }: Value): StepTensor {
  return { name, dtype, shape: [...shape] };
}

/** Values as a model declares them by name. */
export function declared(values: Readonly<Record<string, Value>>): StepTensor[] {
  return Object.entries(values).map(([name, value]) => declare(name, value));
}

/**
 * The gradient of all micro-batches up to this one.
 *
 * @param share this one's
 * @param isFirst whether there are none before it
 */
function accumulated(parameter: string, share: Value, isFirst: Value): Value {
  const before = input(accumulatedName(parameter), share.dtype, share.shape);
  // No product with zero: what lies there before the first one may be no number.
  return where(isFirst, share, add(before, share));
}

/** The gradients by the parameters, by name. */
function namedGradients(
  { loss, parameters, precision, microBatches = 1 }: StepOptions,
): Record<string, Value> {
  const part = microBatches === 1 ? loss : mul(loss, 1 / microBatches);
  const found = gradients(part, parameters, gradientSeed(part, precision));
  const isFirst = less(input(ACCUMULATES, loss.dtype, []), 0.5);
  return Object.fromEntries(parameters.map((parameter, i) => {
    const gradient = found[i];
    if (gradient === undefined) {
      throw new GenviewTypeError(
        `Cannot train "${nameOf(parameter)}": the loss does not depend on it, ` +
          "or only through a stopped gradient",
      );
    }
    const name = nameOf(parameter);
    return [
      gradientName(name),
      microBatches === 1 ? gradient : accumulated(name, gradient, isFirst),
    ];
  }));
}

function checkMicroBatches({ microBatches = 1, outputs = {} }: StepOptions): void {
  if (!Number.isInteger(microBatches) || microBatches < 1) {
    throw new GenviewRangeError(
      `Cannot build a step: its micro-batches must be a positive integer, found ${microBatches}`,
    );
  }
  const names = Object.keys(outputs);
  if (microBatches > 1 && names.length > 0) {
    throw new GenviewTypeError(
      `Cannot build a step: by micro-batches it has no further outputs, found ${names.join(", ")}`,
    );
  }
}

function scalarOutputs({ loss, outputs = {} }: StepOptions): Record<string, Value> {
  if (Object.hasOwn(outputs, "loss")) {
    throw new GenviewTypeError('Cannot build a step: no further output may be named "loss"');
  }
  for (const [name, { rank, type }] of Object.entries({ loss, ...outputs })) {
    if (rank === 0) continue;
    throw new GenviewTypeError(
      `Cannot build a step: output "${name}" must be a scalar, found ${formatType(type)}`,
    );
  }
  return { loss, ...outputs };
}

function checkFrozen({ frozen = new Map() }: StepOptions): void {
  for (const [name, { type }] of frozen) {
    if (type.dtype === "bool" && type.shape.length === 0) continue;
    throw new GenviewTypeError(
      `Cannot build a step: what says whether "${name}" is frozen must be a bool[], found ${
        formatType(type)
      }`,
    );
  }
}

/** Values of a step by kind and name, as one graph. */
type StepValues = Pick<StepOptions, "loss" | "outputs" | "buffers" | "frozen">;

/** The options of a step whose graph is in the precision that they ask for. */
function mixedOptions(options: StepOptions): StepOptions & Required<StepValues> {
  const { loss, outputs = {}, buffers = new Map(), frozen = new Map(), precision } = options;
  const mixed = inPrecision({
    loss: { loss },
    outputs,
    buffers: Object.fromEntries(buffers),
    frozen: Object.fromEntries(frozen),
  }, precision);
  return {
    ...options,
    loss: mixed.loss.loss,
    outputs: mixed.outputs,
    buffers: new Map(Object.entries(mixed.buffers)),
    frozen: new Map(Object.entries(mixed.frozen)),
  };
}

/** The norm by which an overflow shows, where the loss is scaled. */
function overflowCheck(
  { parameters, frozen, precision }: StepOptions,
  passed: Readonly<Record<string, Value>>,
): Record<string, Value> {
  if (!scalesLoss(precision)) return {};
  const names = parameters.map(nameOf);
  const norm = jointNorm(
    names.map((name) => passed[gradientName(name)]!),
    names.map((name) => frozen?.get(name)),
  );
  return { [SCALED_GRADIENT_NORM]: norm };
}

/** How buffers move that do so by rule, by name; by micro-batches each of these moves them. */
function runningBuffers(options: StepOptions): Map<string, RunningBuffer> {
  if ((options.microBatches ?? 1) > 1) return new Map();
  const inputs = bufferInputs(options);
  return new Map(
    [...options.buffers ?? []].flatMap(([name, written], i) => {
      const running = runningBuffer(inputs[i]!, written);
      return running === undefined ? [] : [[name, running] as const];
    }),
  );
}

/**
 * Values, those that are packed in the shape in which they are computed: the second graph reads them as parts of a vector, and
 * a Reshape in front of an output is a copy.
 */
function shapeless(
  values: Readonly<Record<string, Value>>,
  packed: ReadonlySet<string>,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      packed.has(name) ? beforeReshapes(value) : value,
    ]),
  );
}

/** What the first graph makes for the second. */
function passedValues(
  options: StepOptions,
  update: UpdateGraph,
  running: ReadonlyMap<string, RunningBuffer>,
): Record<string, Value> {
  const passed = namedGradients(options);
  const moved = new Set(update.moved);
  for (const [name, value] of options.buffers ?? []) {
    const made = moved.has(name)
      ? statisticsOf(name, running.get(name)!)
      : [[writtenName(name), value] as const];
    for (const [given, value] of made) passed[given] = value;
  }
  const state = new Map(options.state.map((value) => [nameOf(value), value]));
  for (const [name, value] of options.frozen ?? []) passed[frozenName(name)] = value;
  for (const name of update.kept) passed[keptName(name)] = identity(state.get(name)!);
  const packed = new Set(update.packs.flatMap(({ members }) => members.map(({ name }) => name)));
  if ((options.microBatches ?? 1) > 1) {
    // What a micro-batch writes to a buffer is what the next one reads, in the buffer's own shape.
    for (const name of options.buffers?.keys() ?? []) packed.delete(writtenName(name));
  }
  return shapeless(passed, packed);
}

function bufferInputs({ state, buffers }: StepOptions): Value[] {
  const known = new Map(state.map((value) => [nameOf(value), value]));
  return [...buffers?.keys() ?? []].map((name) => {
    const buffer = known.get(name);
    if (buffer !== undefined) return buffer;
    throw new GenviewTypeError(
      `Cannot build a step: buffer "${name}" must be part of the state, found ${
        [...known.keys()].join(", ") || "nothing"
      }`,
    );
  });
}

/** Copies of buffers are those before the step, not before its last micro-batch. */
function checkKept({ kept }: UpdateGraph, { microBatches = 1 }: StepOptions): void {
  if (microBatches === 1 || kept.length === 0) return;
  throw new GenviewTypeError(
    `Cannot build a step: by micro-batches the update reads no buffers, found ${kept.join(", ")}`,
  );
}

/** Names of what the update replaces, which must last from step to step. */
function checkReplaced(update: UpdateGraph, state: readonly Value[]): void {
  const kept = new Set([...state.map(nameOf), ...update.slots.map(({ name }) => name)]);
  const pieces = new Map(
    update.packs.flatMap((pack) =>
      piecesOf(pack).map(({ name }) => [name, pack.members.map((member) => member.name)] as const)
    ),
  );
  const replaced = update.updated.flatMap(({ name }) => pieces.get(name) ?? [name]);
  for (const name of replaced) {
    if (kept.has(name)) continue;
    throw new GenviewTypeError(
      `Cannot build a step: "${name}" is updated, but no part of the state`,
    );
  }
}

/**
 * Differentiates a loss and encodes both graphs of a step. Everything is symbolic: no device is touched, and what comes
 * out is plain data.
 *
 * @throws {TypeError} if the loss does not depend on a parameter, or options do not fit together
 * @throws {RangeError} if a rule, the norm to clip to or the number of micro-batches is out of range
 */
export function buildStep(options: StepOptions): BuiltStep {
  const { batch, state, scalars = [], typed } = options;
  scalarOutputs(options);
  checkFrozen(options);
  checkMicroBatches(options);
  const mixed = mixedOptions(options);
  const running = runningBuffers(mixed);
  const update = buildUpdate({
    ...options,
    lossScaling: scalesLoss(options.precision),
    buffers: bufferInputs(options),
    running,
    frozen: new Set(options.frozen?.keys()),
  });
  checkReplaced(update, state);
  checkKept(update, options);
  const passed = passedValues(mixed, update, running);
  const outputs = { ...scalarOutputs(mixed), ...overflowCheck(mixed, passed) };
  const firstScalars = scalesLoss(options.precision)
    ? [input(LOSS_SCALE, mixed.loss.dtype, [])]
    : [];
  const next = new Set(update.updated.map(({ name }) => nextName(name)));
  const measures = Object.entries(update.outputs).filter(([name]) => !next.has(name));
  const updateScalars = update.inputs.filter((value) => update.scalars.includes(nameOf(value)));
  return {
    ranks: ranksOf(options.loss),
    gradients: encodeStep({ ...outputs, ...passed }, options),
    update: encodeModel({ outputs: update.outputs, typed }),
    microBatches: options.microBatches ?? 1,
    batch: batch.map((value) => declare(nameOf(value), value)),
    state: state.map((value) => declare(nameOf(value), value)),
    slots: update.slots,
    scalars: [...updateScalars, ...firstScalars, ...scalars].map((value) =>
      declare(nameOf(value), value)
    ),
    passed: declared(passed),
    packs: update.packs,
    outputs: declared(outputs),
    measures: declared(Object.fromEntries(measures)),
    warnings: update.warnings,
  };
}
