/**
 * Whether what came out of a method's thread is a training step by micro-batches that can be bound.
 *
 * @module
 */
import type { TensorType } from "../../engine/graph/tensor.ts";
import { checkModel } from "../../engine/onnx/check_model.ts";
import {
  accumulatedName,
  gradientName,
  OWN_SCALED_GRADIENT_NORM,
  SCALED_GRADIENT_NORM,
} from "../../engine/optim/step_names.ts";
import type { StepTensor } from "../../engine/step/build_step.ts";
import { validate } from "../../schema/validate.ts";
import type { AccumulatedMethodStep } from "../step/accumulation/accumulated_step.ts";
import type { BuiltAccumulation } from "../step/accumulation/build_accumulation.ts";
import { rankBatchSize } from "../step/accumulation/parts.ts";
import {
  byName,
  checkBytes,
  checkCommon,
  checkUpdate,
  COMMON,
  COUNT,
  drawnTypes,
  lastingTypes,
  list,
  NAME,
  object,
  OF_METHOD,
  sameJson,
  TENSORS,
  TYPE,
} from "./check_common.ts";
import type { CompileRequest } from "./compile_request.ts";

const VIEW = {
  ...object({ view: COUNT, name: NAME, ...TYPE }),
  properties: { view: COUNT, name: NAME, ...TYPE, permutation: NAME },
};
// A cut's own types have no name.
const CUT_TYPE = object({ name: { const: "" }, ...TYPE });

const STEP_SCHEMA = object({
  kind: { const: "accumulated" },
  built: object({
    ...COMMON,
    deviceBatchSize: COUNT,
    microBatches: COUNT,
    views: list(VIEW),
    cuts: list(object({
      name: NAME,
      micro: CUT_TYPE,
      whole: CUT_TYPE,
      differentiated: { type: "boolean" },
    })),
    running: TENSORS,
  }),
  ...OF_METHOD,
});

function named(name: string, { dtype, shape }: TensorType): StepTensor {
  return { name, dtype, shape };
}

/** Holds the three models before the update against the tensors that a step declares. */
function checkModels(step: AccumulatedMethodStep, action: string): void {
  const { built } = step;
  const { cuts, passed, running, outputs } = built;
  const lasting = lastingTypes(step);
  const views = built.views.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  const told = cuts.filter(({ differentiated }) => differentiated);
  const read = [...lasting, ...built.scalars];
  checkModel(built.forward, {
    inputs: byName([...read, ...views], action),
    outputs: byName([...cuts.map(({ name, micro }) => named(name, micro)), ...passed], action),
  }, action);
  checkModel(built.loss, {
    inputs: byName(
      [...read, ...built.batch, ...cuts.map(({ name, whole }) => named(name, whole))],
      action,
    ),
    outputs: byName([
      ...outputs,
      ...passed,
      ...told.map(({ name, whole }) => named(gradientName(name), whole)),
    ], action),
  }, action);
  checkModel(built.backward, {
    inputs: byName([
      ...read,
      ...views,
      ...told.map(({ name, micro }) => named(gradientName(name), micro)),
      ...built.state.map((tensor) => named(accumulatedName(tensor.name), tensor)),
    ], action),
    outputs: byName([...passed, ...outputs], action),
  }, action);
  const state = byName(built.state, action);
  for (const { name, dtype, shape } of running) {
    sameJson({ dtype, shape }, state.get(name), `buffer "${name}"`, action);
  }
  checkUpdate(step, built.update, [...read, ...built.batch], action);
}

/**
 * Checks a step by micro-batches that a method's thread gave.
 *
 * @param action what cannot be done with another, such as `build method "mine"`
 * @throws {TypeError} if it is none, or not one for what was asked
 */
export function checkAccumulatedStep(
  found: object,
  request: CompileRequest,
  action: string,
): AccumulatedMethodStep {
  const { configuration: { batchSize, deviceBatchSize }, viewSizes, ranks = 1 } = request;
  const { built = {}, ...rest } = found as { readonly built?: Partial<BuiltAccumulation> };
  const { forward, loss, backward, update, ...types } = built;
  const models = {
    forward: checkBytes(forward, action),
    loss: checkBytes(loss, action),
    backward: checkBytes(backward, action),
    update: checkBytes(update, action),
  };
  const step = validate<Omit<AccumulatedMethodStep, "built"> & { readonly built: object }>(
    STEP_SCHEMA,
    { ...rest, built: types },
    action,
    "the step",
  );
  const checked: AccumulatedMethodStep = {
    ...step,
    built: { ...step.built, ...models } as BuiltAccumulation,
  };
  checkCommon(checked, request, [OWN_SCALED_GRADIENT_NORM, SCALED_GRADIENT_NORM], action);
  const { batch, views } = checked.built;
  const sizes = [checked.built.deviceBatchSize, checked.built.microBatches];
  sameJson(
    sizes,
    [deviceBatchSize, rankBatchSize(batchSize, ranks) / deviceBatchSize],
    "the micro-batches",
    action,
  );
  sameJson(batch, drawnTypes(checked, request), "the batch", action);
  for (const { view, name, dtype, shape, permutation } of views) {
    const size = viewSizes[view] ?? 0;
    const expected = ["float32", [deviceBatchSize, 3, size, size]];
    sameJson([dtype, shape], expected, `view "${name}"`, action);
    if (permutation === undefined) continue;
    const isKnown = checked.permutations.includes(permutation);
    sameJson(isKnown, true, `the permutation of view "${name}"`, action);
  }
  checkModels(checked, action);
  return checked;
}
