/**
 * A training step by micro-batches as four models: networks forward, the loss of the whole batch, networks backward, and
 * the update.
 *
 * @module
 */
import { GenviewTypeError } from "../../../errors/mod.ts";
import { gradients } from "../../../engine/autodiff/gradients.ts";
import type { TensorType } from "../../../engine/graph/tensor.ts";
import { input, type Value } from "../../../engine/graph/value.ts";
import { encodeModel } from "../../../engine/onnx/encode_model.ts";
import { add } from "../../../engine/ops/add.ts";
import { expand } from "../../../engine/ops/expand.ts";
import { identity } from "../../../engine/ops/identity.ts";
import { mul } from "../../../engine/ops/mul.ts";
import { reduceSum } from "../../../engine/ops/reduce_sum.ts";
import {
  buildUpdate,
  jointNorm,
  type Pack,
  type Slot,
  type UpdateGraph,
} from "../../../engine/optim/mod.ts";
import {
  accumulatedName,
  frozenName,
  gradientName,
  keptName,
  LOSS_SCALE,
  nextName,
  OWN_SCALED_GRADIENT_NORM,
  SCALED_GRADIENT_NORM,
  writtenName,
} from "../../../engine/optim/step_names.ts";
import type { Precision } from "../../../engine/precision/mod.ts";
import { declare, declared, type StepTensor } from "../../../engine/step/build_step.ts";
import {
  encodeStep,
  gradientSeed,
  inPrecision,
  ranksOf,
  scalesLoss,
} from "../../../engine/step/step_precision.ts";
import { batchInputs, type MethodStepOptions, shownOutputs } from "../method_step.ts";
import { movingAverages } from "../momentum_encoder.ts";
import type { AccumulatedGraph } from "./accumulated_graph.ts";
import { leavesOf } from "./parts.ts";

/** A view as a micro-batch reads it. */
export interface BuiltMicroView extends StepTensor {
  /** Index of the view. */
  readonly view: number;
  /** The permutation of the whole batch in whose order its samples come; their own when left out. */
  readonly permutation?: string;
}

/** What networks give, where the whole batch takes over. */
export interface BuiltCut {
  /** Name of the micro-batch's output and of the loss's input. */
  readonly name: string;
  /** Of a micro-batch, `[V M,D]`. */
  readonly micro: TensorType;
  /** Of the process's part of the batch, `[V N,D]`. */
  readonly whole: TensorType;
  /** Whether networks are told the gradient by it. */
  readonly differentiated: boolean;
}

/** A training step by micro-batches as plain data, which one worker can hand to another. */
export interface BuiltAccumulation {
  /** How many processes take the step together, each on a batch of its own. */
  readonly ranks: number;
  /** Samples in a micro-batch. */
  readonly deviceBatchSize: number;
  /** Micro-batches in a batch. */
  readonly microBatches: number;
  /** First model: from a micro-batch's views to what networks give and write to their buffers. */
  readonly forward: Uint8Array<ArrayBuffer>;
  /** Second model: from what networks gave for the whole batch to the loss, and what passes to the others. */
  readonly loss: Uint8Array<ArrayBuffer>;
  /** Third model: adds a micro-batch's share to the gradients. */
  readonly backward: Uint8Array<ArrayBuffer>;
  /** Fourth model: from state, slots, scalars and what the others made to what takes their place. */
  readonly update: Uint8Array<ArrayBuffer>;
  /** The views of a micro-batch. */
  readonly views: readonly BuiltMicroView[];
  /** What the whole batch takes over. */
  readonly cuts: readonly BuiltCut[];
  /** Buffers that networks write for one micro-batch after the other. */
  readonly running: readonly StepTensor[];
  /** To be written before each step, for the whole batch. */
  readonly batch: readonly StepTensor[];
  /** Lasts from step to step. */
  readonly state: readonly StepTensor[];
  /** The optimizer's state. */
  readonly slots: readonly Slot[];
  /** Scalars to be set at each step. */
  readonly scalars: readonly StepTensor[];
  /** Made by the first three models for the last one. */
  readonly passed: readonly StepTensor[];
  /** What of all this lies in vectors, which the last model reads and makes in its place. */
  readonly packs: readonly Pack[];
  /** Scalars for people, which the second model makes; by the third, `scaled_gradient_norm` where the loss is scaled. */
  readonly outputs: readonly StepTensor[];
  /** Scalars that the update makes for people. */
  readonly measures: readonly StepTensor[];
  /** A sentence for each parameter rule that no parameter follows. */
  readonly warnings: readonly string[];
}

function nameOf({ source }: Value): string {
  if (source.kind !== "input") throw new Error("Internal: an input of a step is none");
  return source.name;
}

/** Inputs by name, each once. */
function named(values: readonly Value[]): Map<string, Value> {
  return new Map(values.map((value) => [nameOf(value), value]));
}

/** Gradients by the trained parameters that a micro-batch's networks have a share in. */
interface NetworkGradients {
  /** The shares, by the parameters' names. */
  readonly shares: ReadonlyMap<string, Value>;
  /** Names of the cuts whose gradients they depend on. */
  readonly cuts: ReadonlySet<string>;
}

/**
 * What a micro-batch adds to the gradients: those of the sum of its rows times the gradients by these rows.
 *
 * @param told the gradients by cuts of the whole batch, undefined where there is none, in the order of the cuts
 */
function networkGradients(
  { scope }: AccumulatedGraph["micro"],
  cuts: AccumulatedGraph["cuts"],
  told: readonly (Value | undefined)[],
): NetworkGradients {
  const products = cuts.flatMap(({ given, own }, i) => {
    if (told[i] === undefined) return [];
    const dy = input(gradientName(nameOf(own)), given.micro.dtype, given.micro.shape);
    return [reduceSum(mul(given.micro, dy))];
  });
  const trained = [...scope.declarations.values()].filter(({ kind }) => kind === "trainable");
  const [first, ...others] = products;
  if (first === undefined) return { shares: new Map(), cuts: new Set() };
  const total = others.reduce((sum, product) => add(sum, product), first);
  const found = gradients(total, trained.map(({ value }) => value));
  const shares = new Map(trained.flatMap(({ name }, i): [string, Value][] => {
    const share = found[i];
    return share === undefined ? [] : [[name, share]];
  }));
  const leaves = [...leavesOf([...shares.values()])];
  const read = new Set(
    leaves.flatMap(({ source }) => source.kind === "input" ? [source.name] : []),
  );
  const names = cuts.map(({ own }) => nameOf(own));
  return { shares, cuts: new Set(names.filter((name) => read.has(gradientName(name)))) };
}

/** The whole batch's part of the gradients: zeros where there is none, for micro-batches to add to. */
function startOfGradients(
  loss: Value,
  parameters: readonly Value[],
  own: ReadonlyMap<string, Value | undefined>,
  { shares }: NetworkGradients,
): Record<string, Value> {
  return Object.fromEntries(parameters.map((parameter) => {
    const name = nameOf(parameter);
    const gradient = own.get(name);
    if (gradient !== undefined) return [gradientName(name), gradient];
    if (!shares.has(name)) {
      throw new GenviewTypeError(
        `Cannot train "${name}": the loss does not depend on it, or only through a stopped gradient`,
      );
    }
    // A zero that is known when the graph runs: as a constant, it would be as large as the parameter in the model.
    return [gradientName(name), expand(mul(loss, 0), parameter.shape)];
  }));
}

/** Values by the names of what they are. */
type Named = Readonly<Record<string, Value>>;

/** What both graphs of a step give, in the precision that it is to have. */
interface MixedGraphs {
  /** What networks give, and what they are given to. */
  readonly cuts: AccumulatedGraph["cuts"];
  /** The buffers that networks write. */
  readonly running: Named;
  /** Whether parameters of networks are frozen. */
  readonly frozen: Named;
  /** What the whole batch's graph gives. */
  readonly whole: {
    readonly outputs: Named & { readonly loss: Value };
    readonly written: Named;
    readonly frozen: Named;
  };
}

/** Both graphs of a step in a precision. */
function mixedGraphs(
  { cuts, running, frozen, whole }: AccumulatedGraph,
  precision?: Precision,
): MixedGraphs {
  const micro = inPrecision({
    given: Object.fromEntries(cuts.map(({ given, own }) => [nameOf(own), given.micro])),
    running: Object.fromEntries(running),
    frozen: Object.fromEntries(frozen),
  }, precision);
  return {
    ...micro,
    cuts: cuts.map((cut) => ({
      ...cut,
      given: { ...cut.given, micro: micro.given[nameOf(cut.own)]! },
    })),
    whole: inPrecision({
      outputs: { loss: whole.loss, ...shownOutputs(whole) },
      written: Object.fromEntries(whole.scope.written),
      frozen: Object.fromEntries(whole.frozen),
    }, precision),
  };
}

/** What the update reads of the whole batch's graph, beside gradients. */
function passedByWhole(
  { written, frozen }: MixedGraphs["whole"],
  state: ReadonlyMap<string, Value>,
  update: UpdateGraph,
): Record<string, Value> {
  const passed: Record<string, Value> = {};
  for (const [name, value] of Object.entries(written)) passed[writtenName(name)] = value;
  for (const [name, value] of Object.entries(frozen)) passed[frozenName(name)] = value;
  for (const name of update.kept) passed[keptName(name)] = identity(state.get(name)!);
  return passed;
}

/** Norms by which an overflow of gradients shows: of the whole batch's own, and of those that micro-batches add to. */
function overflowChecks(
  start: Named,
  sums: Named,
  frozen: Named,
): Readonly<Record<"loss" | "backward", Record<string, Value>>> {
  const norm = (values: Named) =>
    jointNorm(
      Object.values(values),
      Object.keys(values).map((gradient) =>
        Object.entries(frozen).find(([name]) => gradientName(name) === gradient)?.[1]
      ),
    );
  return {
    loss: { [OWN_SCALED_GRADIENT_NORM]: norm(start) },
    backward: Object.keys(sums).length === 0 ? {} : { [SCALED_GRADIENT_NORM]: norm(sums) },
  };
}

/**
 * Differentiates a method's loss and encodes the models of its step, as plain data.
 *
 * @throws {TypeError} if the loss does not depend on a parameter
 * @throws {RangeError} if a rule or the norm to clip to is out of range
 */
export function buildAccumulation(
  graph: AccumulatedGraph,
  options: MethodStepOptions,
): BuiltAccumulation {
  const { precision } = options;
  const { micro, whole, declarations } = graph;
  const mixed = mixedGraphs(graph, precision);
  const { cuts, running, frozen } = mixed;
  const state = named(declarations.map(({ value }) => value));
  const parameters = declarations.filter(({ kind }) => kind === "trainable")
    .map(({ value }) => value);
  const written = [...graph.running.keys(), ...whole.scope.written.keys()];
  const update = buildUpdate({
    ...options,
    parameters,
    buffers: written.map((name) => state.get(name)!),
    gradientNorm: true,
    exponentialMovingAverages: movingAverages({
      declarations: new Map(declarations.map((declaration) => [declaration.name, declaration])),
    }),
    constraints: new Map([...micro.constraints, ...whole.constraints]),
    frozen: new Set([...graph.frozen.keys(), ...whole.frozen.keys()]),
    lossScaling: scalesLoss(precision),
  });

  const inputs = [...parameters, ...cuts.map(({ own }) => own)];
  const { loss } = mixed.whole.outputs;
  const found = gradients(loss, inputs, gradientSeed(loss, precision));
  const own = new Map(parameters.map((parameter, i) => [nameOf(parameter), found[i]]));
  const told = found.slice(parameters.length);
  const networks = networkGradients(micro, cuts, told);
  const start = startOfGradients(loss, parameters, own, networks);
  const toldByName = Object.fromEntries(cuts.flatMap(({ own }, i) => {
    const name = nameOf(own);
    return networks.cuts.has(name) ? [[gradientName(name), told[i]!]] : [];
  }));
  const passed = passedByWhole(mixed.whole, state, update);
  const passedByMicro = Object.fromEntries([
    ...Object.entries(running).map(([name, value]) => [writtenName(name), value] as const),
    ...Object.entries(frozen).map(([name, value]) => [frozenName(name), value] as const),
  ]);
  const sums = Object.fromEntries([...networks.shares].map(([name, share]) => {
    const before = input(accumulatedName(name), share.dtype, share.shape);
    return [gradientName(name), add(before, share)];
  }));
  const checks = scalesLoss(precision)
    ? overflowChecks(start, sums, { ...frozen, ...mixed.whole.frozen })
    : { loss: {}, backward: {} };
  const outputs = { ...mixed.whole.outputs, ...checks.loss };
  const next = new Set(update.updated.map(({ name }) => nextName(name)));
  const updateScalars = update.inputs.filter((value) => update.scalars.includes(nameOf(value)));
  const scalars = named([
    ...updateScalars,
    ...(scalesLoss(precision) ? [input(LOSS_SCALE, loss.dtype, [])] : []),
    ...[micro, whole].flatMap(({ scheduled, counters }) => [...scheduled.values(), ...counters]),
  ]);
  return {
    ranks: ranksOf(loss),
    deviceBatchSize: graph.deviceBatchSize,
    microBatches: graph.microBatches,
    forward: encodeStep({
      ...Object.fromEntries(cuts.map(({ given, own }) => [nameOf(own), given.micro])),
      ...passedByMicro,
    }, options),
    loss: encodeStep({ ...outputs, ...start, ...toldByName, ...passed }, options),
    backward: encodeStep({ ...sums, ...checks.backward }, options),
    update: encodeModel({ outputs: update.outputs, typed: options.typed }),
    views: graph.views.map(({ value, ...view }) => ({ ...view, ...declare(nameOf(value), value) })),
    cuts: cuts.map(({ given, own }) => ({
      name: nameOf(own),
      micro: declare("", given.micro),
      whole: declare("", own),
      differentiated: networks.cuts.has(nameOf(own)),
    })),
    running: Object.entries(running).map(([name, value]) => declare(name, value)),
    batch: batchInputs(whole).map((value) => declare(nameOf(value), value)),
    state: [...state].map(([name, value]) => declare(name, value)),
    slots: update.slots,
    scalars: [...scalars].map(([name, value]) => declare(name, value)),
    passed: declared({ ...start, ...passed, ...passedByMicro }),
    packs: update.packs,
    outputs: declared({ ...outputs, ...checks.backward }),
    measures: declared(
      Object.fromEntries(Object.entries(update.outputs).filter(([name]) => !next.has(name))),
    ),
    warnings: update.warnings,
  };
}
