/**
 * What training steps that a method's thread gives have in common: the form of plain data, types by name, bytes.
 *
 * @module
 */
import { DTYPES } from "../../engine/graph/dtype.ts";
import type { TensorType } from "../../engine/graph/tensor.ts";
import { checkModel } from "../../engine/onnx/check_model.ts";
import {
  inversePermutationName,
  keptName,
  metricName,
  nextName,
  pairWeightsName,
  permutationName,
} from "../../engine/optim/step_names.ts";
import type { Pack, Slot } from "../../engine/optim/mod.ts";
import { packTensors, piecesOf } from "../../engine/optim/pack.ts";
import type { StepTensor } from "../../engine/step/build_step.ts";
import { scalesLoss } from "../../engine/step/step_precision.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { rankBatchSize } from "../step/accumulation/parts.ts";
import { SPREAD } from "../step/method_step.ts";
import type { CompileRequest } from "./compile_request.ts";

/** A name of a tensor, which may be a key of an object. */
export const NAME: object = {
  type: "string",
  pattern: "^(?!__proto__$)[^\\u0000-\\u001f\\u007f-\\u009f]{1,400}$",
};
/** A number of things. */
export const COUNT: object = { type: "integer", minimum: 0 };

/** An object of these properties and no others. */
export function object(properties: object): object {
  return {
    type: "object",
    additionalProperties: false,
    required: Object.keys(properties),
    properties,
  };
}

/** A list. */
export function list(items: object): object {
  return { type: "array", items };
}

/** Element type and shape. */
export const TYPE: object = { dtype: { enum: DTYPES }, shape: list(COUNT) };
/** Types by name. */
export const TENSORS: object = list(object({ name: NAME, ...TYPE }));
/** The optimizer's state. */
export const SLOTS: object = list(
  object({ name: NAME, type: object(TYPE), initial: { type: "number" } }),
);

/** What both kinds of steps declare beside their models and views. */
export const COMMON: object = {
  ranks: { type: "integer", minimum: 1 },
  batch: TENSORS,
  state: TENSORS,
  slots: SLOTS,
  scalars: TENSORS,
  passed: TENSORS,
  packs: list(object({
    name: NAME,
    dtype: { enum: DTYPES },
    length: COUNT,
    pieceLength: { type: "integer", minimum: 1024 },
    members: list(object({ name: NAME, offset: COUNT })),
  })),
  outputs: TENSORS,
  measures: TENSORS,
  warnings: list({ type: "string", maxLength: 2000 }),
};

/** What both kinds of steps say of the method. */
export const OF_METHOD: object = {
  pairs: list({ type: "array", items: COUNT, minItems: 2, maxItems: 2 }),
  permutations: list(NAME),
  metrics: list(NAME),
};

/** The parts of a step that both kinds have. */
export interface CommonStep {
  readonly built: {
    readonly ranks: number;
    readonly batch: readonly StepTensor[];
    readonly state: readonly StepTensor[];
    readonly slots: readonly Slot[];
    readonly scalars: readonly StepTensor[];
    readonly passed: readonly StepTensor[];
    readonly packs: readonly Pack[];
    readonly outputs: readonly StepTensor[];
    readonly measures: readonly StepTensor[];
  };
  readonly pairs: readonly (readonly [first: number, second: number])[];
  readonly permutations: readonly string[];
  readonly metrics: readonly string[];
}

/** Types by name, of which no two have the same. */
export function byName(
  tensors: readonly StepTensor[],
  action: string,
): Map<string, TensorType> {
  const types = new Map(tensors.map(({ name, dtype, shape }) => [name, { dtype, shape }]));
  if (types.size === tensors.length) return types;
  throw new GenviewTypeError(
    `Cannot ${action}: tensors of a step must have names of their own, found ${
      tensors.map(({ name }) => name).join(", ").slice(0, 200)
    }`,
  );
}

/** The bytes of a model, of which nobody else has a share. */
export function checkBytes(bytes: unknown, action: string): Uint8Array<ArrayBuffer> {
  if (bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer) {
    return bytes as Uint8Array<ArrayBuffer>;
  }
  throw new GenviewTypeError(`Cannot ${action}: a model must be bytes, found another thing`);
}

/** Refuses what differs from what it must be. */
export function sameJson(found: unknown, expected: unknown, what: string, action: string): void {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  const shown = JSON.stringify(found).slice(0, 200);
  throw new GenviewTypeError(`Cannot ${action}: ${what} must be what the run has, found ${shown}`);
}

/**
 * Weights of the process's part of the batch and permutations of the whole batch, which are written before each step.
 */
export function drawnTypes(
  { pairs, permutations }: CommonStep,
  { configuration: { batchSize }, ranks = 1 }: CompileRequest,
): StepTensor[] {
  return [
    ...pairs.map(([first, second]): StepTensor => ({
      name: pairWeightsName(first, second),
      dtype: "float32",
      shape: [rankBatchSize(batchSize, ranks)],
    })),
    ...permutations.flatMap((name) => [permutationName(name), inversePermutationName(name)])
      .map((name): StepTensor => ({ name, dtype: "int64", shape: [batchSize] })),
  ];
}

/** All that lasts from step to step. */
export function lastingTypes({ built: { state, slots } }: CommonStep): StepTensor[] {
  return [...state, ...slots.map(({ name, type }) => ({ name, ...type }))];
}

/**
 * Checks what both kinds of steps say of the method, and their scalars.
 *
 * @param checks names of the outputs by which an overflow shows, where the loss is scaled
 */
export function checkCommon(
  step: CommonStep,
  { precision, ranks = 1 }: Pick<CompileRequest, "precision" | "ranks">,
  checks: readonly string[],
  action: string,
): void {
  const { built: { outputs, measures, scalars }, metrics, pairs } = step;
  sameJson(step.built.ranks, ranks, "the number of processes", action);
  sameJson(pairs[0], [0, 1], "the first pair", action);
  for (const { name, shape } of [...outputs, ...measures, ...scalars]) {
    sameJson(shape, [], `the shape of "${name}"`, action);
  }
  const shown = [
    "loss",
    SPREAD,
    ...metrics.map(metricName),
    ...(scalesLoss(precision) ? checks : []),
  ];
  sameJson(outputs.map(({ name }) => name), shown, "what is shown of a step", action);
}

/** The pieces of the vectors that tensors of a step lie in, each vector as its tensors make it. */
function pieceTypes(step: CommonStep, action: string): StepTensor[] {
  const { packs, passed } = step.built;
  const known = byName([...lastingTypes(step), ...passed], action);
  const members = packs.flatMap((pack) => pack.members.map(({ name }) => name));
  sameJson(new Set(members).size, members.length, "the number of packed tensors", action);
  return packs.flatMap((pack) => {
    const tensors = pack.members.flatMap(({ name }) => {
      const type = known.get(name);
      return type === undefined ? [] : [{ name, type }];
    });
    const alike = tensors.length > 0 && tensors.every(({ type }) => type.dtype === pack.dtype);
    const expected = alike ? packTensors(pack.name, pack.pieceLength, tensors) : undefined;
    sameJson(pack, expected, `what lies in "${pack.name}"`, action);
    return piecesOf(pack).map(({ name, length }) => ({ name, dtype: pack.dtype, shape: [length] }));
  });
}

/** Holds the model of the update against what it reads and what it replaces. */
export function checkUpdate(
  step: CommonStep,
  update: Uint8Array,
  read: readonly StepTensor[],
  action: string,
): void {
  const { built: { passed: all, measures } } = step;
  const passed = byName(all, action);
  // What a name stands for in the update is a copy from before the step, where there is one.
  for (const { name, dtype, shape } of read) {
    const copy = passed.get(keptName(name));
    if (copy !== undefined) sameJson(copy, { dtype, shape }, `the copy of "${name}"`, action);
  }
  const others = all.filter(({ name }) => !read.some((tensor) => tensor.name === name));
  const pieces = pieceTypes(step, action);
  const replaced = [...lastingTypes(step), ...pieces].map((tensor) => ({
    ...tensor,
    name: nextName(tensor.name),
  }));
  checkModel(update, {
    inputs: byName([...read, ...others, ...pieces], action),
    outputs: byName([...replaced, ...measures], action),
  }, action);
}
