/**
 * Whether what came out of a method's thread is a training step that can be bound: its types, its names, its models.
 *
 * @module
 */
import { checkModel } from "../../engine/onnx/check_model.ts";
import { SCALED_GRADIENT_NORM, viewName } from "../../engine/optim/step_names.ts";
import type { BuiltStep, StepTensor } from "../../engine/step/build_step.ts";
import { validate } from "../../schema/validate.ts";
import { microBatchSize } from "../step/accumulation/accumulated_graph.ts";
import { rankBatchSize } from "../step/accumulation/parts.ts";
import type { AccumulatedMethodStep } from "../step/accumulation/accumulated_step.ts";
import type { MethodStep } from "../step/method_step.ts";
import { checkAccumulatedStep } from "./check_accumulated_step.ts";
import {
  byName,
  checkBytes,
  checkCommon,
  checkUpdate,
  COMMON,
  COUNT,
  drawnTypes,
  lastingTypes,
  object,
  OF_METHOD,
  sameJson,
} from "./check_common.ts";
import type { CompileRequest } from "./compile_request.ts";

const STEP_SCHEMA = object({
  kind: { const: "whole" },
  built: object({ ...COMMON, microBatches: { const: 1 } }),
  views: COUNT,
  ...OF_METHOD,
});

/** What is written before each step, by what the run has. */
function batchTypes(
  step: MethodStep,
  request: CompileRequest,
): StepTensor[] {
  const { configuration: { batchSize }, viewSizes, ranks = 1 } = request;
  const views = viewSizes.map((size, i): StepTensor => ({
    name: viewName(i),
    dtype: "float32",
    shape: [rankBatchSize(batchSize, ranks), 3, size, size],
  }));
  return [...views, ...drawnTypes(step, request)];
}

/** Holds the first model of a step against the tensors that it declares. */
function checkGradients(step: MethodStep, read: readonly StepTensor[], action: string): void {
  const { gradients, passed, outputs } = step.built;
  const made = byName([...passed, ...outputs], action);
  const found = checkModel(gradients, { inputs: byName(read, action), outputs: made }, action);
  sameJson([...found].sort(), [...made.keys()].sort(), "what the first model makes", action);
}

function checkWholeStep(found: object, request: CompileRequest, action: string): MethodStep {
  const { built = {}, ...rest } = found as { readonly built?: Partial<BuiltStep> };
  const { gradients, update, ...types } = built;
  const models = {
    gradients: checkBytes(gradients, action),
    update: checkBytes(update, action),
  };
  const step = validate<Omit<MethodStep, "built"> & { readonly built: object }>(
    STEP_SCHEMA,
    { ...rest, built: types },
    action,
    "the step",
  );
  const checked: MethodStep = { ...step, built: { ...step.built, ...models } as BuiltStep };
  sameJson(step.views, request.viewSizes.length, "the number of views", action);
  checkCommon(checked, request, [SCALED_GRADIENT_NORM], action);
  sameJson(checked.built.batch, batchTypes(checked, request), "the batch", action);
  const read = [...lastingTypes(checked), ...checked.built.batch, ...checked.built.scalars];
  checkGradients(checked, read, action);
  checkUpdate(checked, checked.built.update, read, action);
  return checked;
}

/**
 * Checks a step that a method's thread gave.
 *
 * @param action what cannot be done with another, such as `build method "mine"`
 * @throws {TypeError} if it is none, or not one for what was asked
 */
export function checkMethodStep(
  found: unknown,
  request: CompileRequest,
  action: string,
): MethodStep | AccumulatedMethodStep {
  const step = (found ?? {}) as object;
  const { configuration, ranks = 1 } = request;
  return microBatchSize(configuration, ranks) === undefined
    ? checkWholeStep(step, request, action)
    : checkAccumulatedStep(step, request, action);
}
