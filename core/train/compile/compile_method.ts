/**
 * A method compiled where it is: everything is symbolic, no device is touched, and what comes out is plain data.
 *
 * @module
 */
import { backbone as backboneOf } from "../../backbones/registry.ts";
import { withTarget } from "../../engine/graph/target.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { LoadedMethod } from "../../method/load.ts";
import { optimizerOf } from "../run/run_schedules.ts";
import { factsOf, type MethodFacts } from "../step/method_facts.ts";
import { buildMethodGraph, type MethodGraph } from "../step/method_graph.ts";
import { buildMethodStep, initialWeights, type MethodStep } from "../step/method_step.ts";
import type { CompileRequest } from "./compile_request.ts";

function graphOf(
  method: LoadedMethod,
  { configuration, viewSizes, tuning }: CompileRequest,
): MethodGraph {
  const { batchSize, options, stem, zeroInitResidual } = configuration;
  const imageSize = viewSizes[0]!;
  const backbone = backboneOf(configuration.backbone, { stem, zeroInitResidual, imageSize });
  return withTarget(
    tuning,
    () => buildMethodGraph(method, { backbone, viewSizes, batchSize, options }),
  );
}

/**
 * Builds a method's graph and says what is known of it.
 *
 * @throws {TypeError} if the configuration does not fit the method, or the plugin's code has a fault
 */
export function inspectMethod(method: LoadedMethod, request: CompileRequest): MethodFacts {
  return factsOf(() => graphOf(method, request));
}

/**
 * Draws the initial values of all that a method declares.
 *
 * @throws {TypeError} if the configuration does not fit the method, or the plugin's code has a fault
 */
export function drawWeights(method: LoadedMethod, request: CompileRequest): Map<string, Tensor> {
  return initialWeights(graphOf(method, request), request.configuration.seed);
}

/**
 * Compiles a method's training step.
 *
 * @throws {TypeError} if the configuration does not fit the method, or the plugin's code has a fault
 * @throws {RangeError} if a rule or the norm to clip to is out of range
 */
export function compileMethodStep(method: LoadedMethod, request: CompileRequest): MethodStep {
  const { clipGradientNorm, clipGradientPer, parameterRules } = request.configuration;
  return buildMethodStep(graphOf(method, request), {
    optimizer: optimizerOf(request.configuration),
    rules: parameterRules,
    ...(clipGradientNorm > 0 && { clipGradientNorm, clipGradientPer }),
  });
}
