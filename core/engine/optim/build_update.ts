/**
 * The graph of one optimizer step: all parameters, the optimizer's state and the moving averages.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { nodesLeadingTo, readBy, resolve } from "../graph/node.ts";
import { formatType, sameType, type TensorType } from "../graph/tensor.ts";
import { input, type Value } from "../graph/value.ts";
import { add } from "../ops/add.ts";
import { ScalarInputs } from "./_scalar_inputs.ts";
import {
  countsUpdates,
  frozenInputs,
  updatedUnless,
  updatedWhere,
  UPDATES_SLOT,
} from "./freeze.ts";
import {
  averagesByParameter,
  averageUpdates,
  type ExponentialMovingAverage,
  inputName,
  type NamedUpdate,
} from "./average_updates.ts";
import { type ClipUnit, type ScaledGradient, scaleGradients } from "./gradient_scale.ts";
import { inPlaceHazards } from "./in_place.ts";
import type { Optimizer } from "./optimizer.ts";
import type { Pack } from "./pack.ts";
import { packBuffers, packParameters, type UpdateUnit } from "./pack_update.ts";
import { groupParameters, type ParameterRule } from "./parameter_groups.ts";
import { type RunningBuffer, runningUpdates } from "./running_buffers.ts";
import { gradientName, INVERSE_LOSS_SCALE, nextName, writtenName } from "./step_names.ts";

/** What {@linkcode buildUpdate} builds. */
export interface UpdateOptions {
  /** The inputs that declare the trained parameters, all float32 or all float64. */
  readonly parameters: readonly Value[];
  /** The rule by which they follow their gradients. */
  readonly optimizer: Optimizer;
  /** Exceptions for parameters by name; see `groupParameters`. */
  readonly rules?: readonly ParameterRule[];
  /** Whether parameters decay unless a rule says otherwise (default true); without, passes are saved. */
  readonly weightDecay?: boolean;
  /** Largest norm of what is clipped; any when left out. */
  readonly clipGradientNorm?: number;
  /** Whether all gradients are clipped as one vector, or each by itself (default `model`). */
  readonly clipGradientPer?: ClipUnit;
  /** Whether to give `gradient_norm`, which is there anyway when it is needed (default false). */
  readonly gradientNorm?: boolean;
  /**
   * Whether gradients that are not finite leave parameters and state as they are; gives `finite` (default false). It
   * selects each tensor once more, which on the CPU nearly doubles the time of an update.
   */
  readonly skipNonFinite?: boolean;
  /**
   * Whether the loss was scaled; takes `inverse_loss_scale` (default false). Gradients that are not finite are to be found
   * before the update, which is then left out.
   */
  readonly lossScaling?: boolean;
  /** Averages to keep of parameters (default none). */
  readonly exponentialMovingAverages?: readonly ExponentialMovingAverage[];
  /** What parameters become after each update, by name. */
  readonly constraints?: ReadonlyMap<string, (updated: Value) => Value>;
  /**
   * Names of parameters that are frozen in some steps: where the bool input `frozen.NAME` holds, neither the parameter
   * nor its slots change, and no norm counts its gradient, as in PyTorch without a gradient (`p.grad = None`). A
   * constraint on it still acts, and averages follow it. Only these take further passes.
   */
  readonly frozen?: ReadonlySet<string>;
  /** The inputs that declare buffers which the forward pass writes; what it wrote arrives as `written.NAME`. */
  readonly buffers?: readonly Value[];
  /** How those of them move that move by rule, by name; where they are packed, the update moves them (default none). */
  readonly running?: ReadonlyMap<string, RunningBuffer>;
  /**
   * Elements of the pieces of vectors that tensors are packed into, see `pieceLengthFor`; 0 (default) packs none. The update
   * then reads and makes these pieces instead of the tensors that are in them.
   */
  readonly pieceLength?: number;
}

/** A tensor of the optimizer's state. */
export interface Slot {
  /** Name of the slot and of its parameter, such as `momentum.layer1.0.conv1.weight`. */
  readonly name: string;
  /** Its parameter's type, or a scalar of its element type where it counts updates. */
  readonly type: TensorType;
  /** What each of its elements is at the start of a run. */
  readonly initial: number;
}

/**
 * One optimizer step as a graph. For each `X` of `updated`, the output `next.X` may be bound to the memory of the
 * input `X`, or to memory of its own.
 */
export interface UpdateGraph {
  /**
   * All that a step changes, then `gradient.NAME` of each parameter, `written.NAME` of each buffer, `frozen.NAME` of each
   * parameter that is frozen at times, and scalars.
   */
  readonly inputs: readonly Value[];
  /** `next.X` for each X of `updated`, and `gradient_norm` and `finite` if asked for. */
  readonly outputs: Readonly<Record<string, Value>>;
  /**
   * All that a step changes, under the names of their inputs: parameters, slots, averages and buffers, or pieces of the
   * vectors that they are packed into.
   */
  readonly updated: readonly { readonly name: string; readonly type: TensorType }[];
  /**
   * Buffers that the update reads, as a constraint may. What they were before the step must be bound to their inputs in
   * memory of its own, because `next.X` may take their place at any time.
   */
  readonly kept: readonly string[];
  /** Running buffers that the update moves: their statistics arrive instead of what the forward pass wrote. */
  readonly moved: readonly string[];
  /** The optimizer's state. */
  readonly slots: readonly Slot[];
  /** What is packed: parameters, gradients, slots, averages and buffers. */
  readonly packs: readonly Pack[];
  /** Names of the inputs to feed at each step, scalars of the parameters' element type. */
  readonly scalars: readonly string[];
  /** A sentence for each rule that no parameter follows. */
  readonly warnings: readonly string[];
}

function namesOf(parameters: readonly Value[]): string[] {
  const [first] = parameters;
  if (first === undefined) {
    throw new GenviewTypeError(
      "Cannot build an update: there must be a parameter to train, found none",
    );
  }
  return parameters.map((parameter) => {
    const { type } = parameter;
    const name = inputName(parameter);
    if (type.dtype !== first.dtype || (type.dtype !== "float32" && type.dtype !== "float64")) {
      throw new GenviewTypeError(
        `Cannot build an update: parameters must be all float32 or all float64, found ` +
          `"${name}" ${formatType(type)}`,
      );
    }
    return name;
  });
}

function checkOptions(options: UpdateOptions, parameters: readonly string[]): void {
  for (const name of options.constraints?.keys() ?? []) {
    if (parameters.includes(name)) continue;
    throw new GenviewTypeError(
      `Cannot build an update: a constraint must be on a trained parameter, found "${name}"`,
    );
  }
  const clip = options.clipGradientNorm;
  if (clip !== undefined && !(clip > 0)) {
    throw new GenviewRangeError(
      `Cannot build an update: clipGradientNorm must be above 0, found ${clip}; leave it out for none`,
    );
  }
}

function constrained(name: string, updated: Value, options: UpdateOptions): Value {
  const result = options.constraints?.get(name)?.(updated) ?? updated;
  if (!sameType(result.type, updated.type)) {
    throw new GenviewTypeError(
      `Cannot build an update: the constraint on "${name}" must give a ${
        formatType(updated.type)
      }, found ${formatType(result.type)}`,
    );
  }
  return result;
}

/** The slots of a parameter. */
function slotsOf(
  name: string,
  type: TensorType,
  optimizer: Optimizer,
  frozen: ReadonlyMap<string, Value>,
): Slot[] {
  const slots = Object.entries(optimizer.slots(type)).map(([slot, initial]) => ({
    name: `${slot}.${name}`,
    type,
    initial,
  }));
  if (!frozen.has(name) || !countsUpdates(optimizer)) return slots;
  const counter = { dtype: type.dtype, shape: [] };
  return [...slots, { name: `${UPDATES_SLOT}.${name}`, type: counter, initial: 0 }];
}

/** The updates of a parameter, or of a vector of several, and of its slots. */
function updatesOf(
  { name, value: parameter, rule }: UpdateUnit,
  { gradient, norm }: ScaledGradient,
  options: UpdateOptions,
  scalars: ScalarInputs,
  frozen: Value | undefined,
): NamedUpdate[] {
  const { optimizer } = options;
  const decay = options.weightDecay ?? true ? rule.weightDecayScale ?? 1 : 0;
  const rate = rule.fixedLearningRate ? "fixed_learning_rate" : "learning_rate";
  const slots = Object.fromEntries(
    Object.keys(optimizer.slots(parameter.type)).map((slot) => [
      slot,
      input(`${slot}.${name}`, parameter.dtype, parameter.shape),
    ]),
  );
  // A parameter that misses steps is at another step than the run.
  const counter = frozen !== undefined && countsUpdates(optimizer)
    ? input(`${UPDATES_SLOT}.${name}`, parameter.dtype, [])
    : undefined;
  const count = counter && add(counter, 1);
  const updated = optimizer.update({
    parameter,
    gradient,
    gradientNorm: norm,
    slots,
    learningRate: scalars.multiple(rate, rule.learningRateScale ?? 1),
    weightDecay: decay === 0 ? undefined : scalars.multiple("weight_decay", decay),
    stepScalars: count === undefined
      ? Object.fromEntries(
        Object.keys(optimizer.stepScalars(0)).map((scalar) => [scalar, scalars.get(scalar)]),
      )
      : optimizer.ownStepScalars(count),
    excludeFromLars: rule.excludeFromLars ?? false,
  });
  const updates = [
    { name, input: parameter, output: updated.parameter },
    ...Object.entries(slots).map(([slot, input]) => ({
      name: `${slot}.${name}`,
      input,
      output: updated.slots[slot]!,
    })),
    ...(counter && count
      ? [{ name: `${UPDATES_SLOT}.${name}`, input: counter, output: count }]
      : []),
  ];
  const [first, ...others] = frozen === undefined
    ? updates
    : updates.map((update) => updatedUnless(frozen, update));
  return [{ ...first!, output: constrained(name, first!.output, options) }, ...others];
}

/** The buffers, which become what the forward pass wrote. */
function bufferUpdates(buffers: readonly Value[]): NamedUpdate[] {
  return buffers.map((buffer) => {
    const name = inputName(buffer);
    return { name, input: buffer, output: input(writtenName(name), buffer.dtype, buffer.shape) };
  });
}

/** What takes a buffer's place; WebGPU copies no integers, but adds to them. */
function taken(written: Value): Value {
  return written.dtype === "int64" ? add(written, 0) : written;
}

/** The buffers that other updates or measures read. */
function buffersRead(buffers: readonly Value[], outputs: readonly Value[]): Set<Value> {
  const nodes = nodesLeadingTo(outputs, true);
  const read = new Set([...nodes.flatMap(readBy), ...outputs].map(resolve));
  return new Set(buffers.filter((buffer) => read.has(buffer)));
}

/** @param updates those that take place in the memory of what they replace */
function checkUpdates(
  updates: readonly NamedUpdate[],
  inputs: readonly Value[],
  packs: readonly Pack[],
  measures: readonly Value[],
): void {
  const packed = packs.flatMap(({ members }) => members.map(({ name }) => name));
  const seen = new Set<string>();
  const repeated = [...inputs.map(inputName), ...packed].find((name) =>
    seen.size === seen.add(name).size
  );
  if (repeated !== undefined) {
    throw new GenviewTypeError(`Cannot build an update: two inputs would be named "${repeated}"`);
  }
  const hazards = inPlaceHazards(updates, measures);
  if (hazards.length > 0) {
    throw new GenviewTypeError(
      "Cannot build an update: old values must be read before they are overwritten, found that " +
        hazards.join("; "),
    );
  }
}

/**
 * Builds the graph of one optimizer step.
 *
 * Its scalars are, as far as they are used, `learning_rate`, `fixed_learning_rate`, `weight_decay`,
 * `average_rate`, `inverse_loss_scale`, and those of the optimizer's `stepScalars`. A moving average reads the
 * parameter after the step; so the rate to feed at step k is that of step k + 1, which makes the averages the same
 * as those that are updated at the start of a forward pass.
 *
 * @throws {TypeError} if parameters, averages or constraints do not fit together
 * @throws {RangeError} if a rule or the norm to clip to is out of range
 */
export function buildUpdate(options: UpdateOptions): UpdateGraph {
  const { parameters, optimizer, lossScaling = false, clipGradientNorm: clipNorm } = options;
  const { clipGradientPer: clipPer, pieceLength = 0 } = options;
  const names = namesOf(parameters);
  checkOptions(options, names);
  const { rules, warnings } = groupParameters(names, options.rules ?? []);
  const scalars = new ScalarInputs(parameters[0]!.dtype);
  const inverseLossScale = lossScaling ? scalars.get(INVERSE_LOSS_SCALE) : undefined;
  const frozen = frozenInputs(options.frozen ?? new Set(), names);
  const averages = averagesByParameter(
    new Map(parameters.map((parameter, i) => [names[i]!, parameter])),
    options.exponentialMovingAverages ?? [],
  );
  const single = parameters.map((value, i): UpdateUnit => {
    const name = names[i]!;
    return { name, value, rule: rules.get(name) ?? {}, averages: averages.get(name) ?? [] };
  });
  const clipsEach = clipNorm !== undefined && clipPer === "parameter";
  const { units, packs } = packParameters(
    single,
    Object.keys(optimizer.slots(parameters[0]!.type)),
    pieceLength,
    ({ name, value, rule }) =>
      !clipsEach && !frozen.has(name) && !options.constraints?.has(name) &&
      !optimizer.isPerTensor(value.type, rule.excludeFromLars ?? false),
  );
  const gradients = units.map(({ name, value: { dtype, shape } }) =>
    input(gradientName(name), dtype, shape)
  );
  const frozenInOrder = units.map(({ name }) => frozen.get(name));
  const scaled = scaleGradients(gradients, {
    inverseLossScale,
    clipNorm,
    clipPer,
    frozen: frozenInOrder,
  });

  const skips = options.skipNonFinite ?? false;
  const trained = units.flatMap((unit, i) =>
    updatesOf(unit, scaled.gradients[i]!, options, scalars, frozenInOrder[i])
  ).map((update) => skips ? updatedWhere(scaled.finite, update) : update);
  const computed = [...trained, ...averageUpdates(units, trained, scalars)];

  const measured = skips || clipNorm !== undefined || (options.gradientNorm ?? false);
  const measures = {
    ...(measured ? { gradient_norm: scaled.norm } : {}),
    ...(skips ? { finite: scaled.finite } : {}),
  };
  const kept = buffersRead(options.buffers ?? [], [
    ...computed.map(({ output }) => output),
    ...Object.values(measures),
  ]);
  const replaced = (options.buffers ?? []).filter((buffer) => !kept.has(buffer));
  const rulesOfMoved = new Map(
    pieceLength === 0 ? [] : replaced.flatMap((buffer) => {
      const rule = options.running?.get(inputName(buffer));
      return rule === undefined ? [] : [[buffer, rule] as const];
    }),
  );
  const running = runningUpdates([...rulesOfMoved]);
  const packedBuffers = packBuffers(
    replaced.filter((buffer) => !rulesOfMoved.has(buffer)),
    pieceLength,
  );
  const buffers = bufferUpdates([...kept, ...packedBuffers.values]);
  const updates = [...computed, ...running.updates, ...buffers];
  const inputs = [
    ...updates.map((update) => update.input),
    ...gradients,
    ...running.statistics,
    ...buffers.map(({ output }) => output),
    ...frozen.values(),
    ...scalars.inputs.values(),
  ];
  const allPacks = [...packs, ...running.packs, ...packedBuffers.packs];
  const inPlace = updates.filter((update) => !kept.has(update.input));
  checkUpdates(inPlace, inputs, allPacks, Object.values(measures));
  return {
    inputs,
    outputs: {
      ...Object.fromEntries(
        [...computed, ...running.updates].map(({ name, output }) => [nextName(name), output]),
      ),
      ...Object.fromEntries(buffers.map(({ name, output }) => [nextName(name), taken(output)])),
      ...measures,
    },
    updated: updates.map(({ name, input }) => ({ name, type: input.type })),
    kept: [...kept].map(inputName),
    moved: [...rulesOfMoved.keys()].map(inputName),
    slots: parameters.flatMap(({ type }, i) => slotsOf(names[i]!, type, optimizer, frozen)),
    packs: allPacks,
    scalars: [...scalars.inputs.keys()],
    warnings,
  };
}
