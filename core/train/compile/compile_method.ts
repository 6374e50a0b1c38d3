/**
 * A method compiled where it is: everything is symbolic, no device is touched, and what comes out is plain data.
 *
 * @module
 */
import { backbone as backboneOf } from "../../backbones/registry.ts";
import { pieceLengthFor } from "../../engine/optim/mod.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import { withTarget } from "../../engine/graph/target.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import type { LoadedMethod } from "../../method/load.ts";
import { optimizerOf } from "../run/run_schedules.ts";
import { factsOf, type MethodFacts } from "../step/method_facts.ts";
import { buildAccumulatedGraph, microBatchSize } from "../step/accumulation/accumulated_graph.ts";
import {
  type AccumulatedMethodStep,
  buildAccumulatedStep,
} from "../step/accumulation/accumulated_step.ts";
import { buildRankGraph } from "../step/accumulation/rank_graph.ts";
import { buildMethodGraph, type MethodGraph } from "../step/method_graph.ts";
import {
  buildMethodStep,
  initialWeights,
  type MethodStep,
  type MethodStepOptions,
} from "../step/method_step.ts";
import { DEFAULT_LIMITS } from "./compile_limits.ts";
import type { CompileRequest } from "./compile_request.ts";

/** Refuses a method that declares more than a device could hold, before anything of it is drawn. */
function checkElements({ scope }: MethodGraph, { manifest }: LoadedMethod, most: number): void {
  const declared = [...scope.declarations.values()];
  const elements = declared.reduce((sum, { value: { shape } }) => sum + elementCount(shape), 0);
  if (elements <= most) return;
  throw new GenviewRangeError(
    `Cannot build method "${manifest.name}": it may declare ${most} elements, found ${elements}`,
  );
}

/** A method's graphs for a request. */
function graphsOf(
  method: LoadedMethod,
  { configuration, viewSizes, tuning, ranks = 1 }: CompileRequest,
  elements: number,
) {
  const { batchSize, options, stem, syncBatchNorm, zeroInitResidual } = configuration;
  const imageSize = viewSizes[0]!;
  const backbone = backboneOf(configuration.backbone, { stem, zeroInitResidual, imageSize });
  const deviceBatchSize = microBatchSize(configuration, ranks);
  const given = { backbone, viewSizes, batchSize, options, syncBatchNorm };
  const shared = <T>(build: () => T) => () => withTarget({ ...tuning, ranks }, build);
  return {
    whole: () => {
      const graph = withTarget(tuning, () => buildMethodGraph(method, given));
      checkElements(graph, method, elements);
      return graph;
    },
    ...(deviceBatchSize !== undefined && {
      accumulated: shared(() => buildAccumulatedGraph(method, { ...given, deviceBatchSize })),
    }),
    ...(deviceBatchSize === undefined && ranks > 1 && {
      ofRank: shared(() => buildRankGraph(method, given)),
    }),
  };
}

/**
 * Builds a method's graph and says what is known of it.
 *
 * @param elements most elements of all that it may declare
 * @throws {TypeError} if the configuration does not fit the method, or the plugin's code has a fault
 * @throws {RangeError} if it declares more
 */
export function inspectMethod(
  method: LoadedMethod,
  request: CompileRequest,
  elements: number = DEFAULT_LIMITS.elements,
): MethodFacts {
  const { whole, accumulated, ofRank } = graphsOf(method, request, elements);
  return factsOf(whole, accumulated ?? ofRank);
}

/**
 * Draws the initial values of all that a method declares.
 *
 * @param elements most elements of all that it may declare
 * @throws {TypeError} if the configuration does not fit the method, or the plugin's code has a fault
 * @throws {RangeError} if it declares more
 */
export function drawWeights(
  method: LoadedMethod,
  request: CompileRequest,
  elements: number = DEFAULT_LIMITS.elements,
): Map<string, Tensor> {
  return initialWeights(graphsOf(method, request, elements).whole(), request.configuration.seed);
}

/**
 * Compiles a method's training step, by micro-batches if the device is to take a part of the batch at once.
 *
 * @param elements most elements of all that it may declare
 * @throws {TypeError} if the configuration does not fit the method, or the plugin's code has a fault
 * @throws {RangeError} if it declares more, or a rule or the norm to clip to is out of range
 */
export function compileMethodStep(
  method: LoadedMethod,
  request: CompileRequest,
  elements: number = DEFAULT_LIMITS.elements,
): MethodStep | AccumulatedMethodStep {
  const { clipGradientNorm, clipGradientPer, parameterRules } = request.configuration;
  const { whole, accumulated, ofRank = whole } = graphsOf(method, request, elements);
  const options: MethodStepOptions = {
    optimizer: optimizerOf(request.configuration),
    rules: parameterRules,
    pieceLength: pieceLengthFor(request.tuning.provider),
    precision: request.precision ?? "float32",
    typed: request.typed ?? false,
    ...(clipGradientNorm > 0 && { clipGradientNorm, clipGradientPer }),
  };
  return withTarget(
    { ...request.tuning, ranks: request.ranks ?? 1 },
    () =>
      accumulated === undefined
        ? buildMethodStep(ofRank(), options)
        : buildAccumulatedStep(accumulated(), options),
  );
}
