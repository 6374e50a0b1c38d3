/**
 * A method's training step as plain data: what is compiled, here or in a worker, before it is bound to a device.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Value } from "../../engine/graph/value.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { metricName } from "../../engine/optim/step_names.ts";
import { buildStep, type BuiltStep, type StepOptions } from "../../engine/step/build_step.ts";
import type { WeightedPair } from "./context_inputs.ts";
import { embeddingSpread } from "./embedding_spread.ts";
import type { AppliedMethod, MethodGraph } from "./method_graph.ts";
import { followedBy, movingAverages } from "./momentum_encoder.ts";

/** How parameters follow their gradients, and in what precision; what is left out is as `StepOptions` says. */
export type MethodStepOptions = Pick<
  StepOptions,
  | "optimizer"
  | "rules"
  | "clipGradientNorm"
  | "clipGradientPer"
  | "pieceLength"
  | "precision"
  | "typed"
>;

/** The symbolic training pass that a step is built of. */
export interface StepGraph extends Omit<AppliedMethod, "scope" | "pairs" | "inputs" | "options"> {
  /** All parameters and buffers, and what the pass writes. */
  readonly scope: Pick<Scope, "declarations" | "written">;
  /** The pairs of views that the loss reads weights of, and the inputs that these come by. */
  readonly pairs: readonly Pick<WeightedPair, "views" | "input">[];
}

/** What is written before a method's step, beside views, and read after it. */
export interface MethodStepNames {
  /** Indices of the views whose pairs have weights. */
  readonly pairs: readonly (readonly [first: number, second: number])[];
  /** Names of the permutations that are drawn for each step. */
  readonly permutations: readonly string[];
  /** Names of the method's own scalars. */
  readonly metrics: readonly string[];
}

/** A method's training step as plain data. */
export interface MethodStep extends MethodStepNames {
  /** How it takes a batch. */
  readonly kind: "whole";
  /** Both models, and what they read and make. */
  readonly built: BuiltStep;
  /** Number of views that are written before each step. */
  readonly views: number;
}

/** Name of the output that tells how far the embeddings spread. */
export const SPREAD = "spread";

/** The scalars that a step shows beside the loss. */
export function shownOutputs({ embeddings, metrics = {} }: StepGraph): Record<string, Value> {
  return {
    [SPREAD]: embeddingSpread(embeddings),
    ...Object.fromEntries(Object.entries(metrics).map(([name, y]) => [metricName(name), y])),
  };
}

/** What a step of a graph is known by. */
export function namesOf({ pairs, permutations, metrics = {} }: StepGraph): MethodStepNames {
  return {
    pairs: pairs.map(({ views }) => views),
    permutations: [...permutations.keys()],
    metrics: Object.keys(metrics),
  };
}

/** The weights and orders that a step reads for its whole batch. */
export function batchInputs({ pairs, permutations }: StepGraph): Value[] {
  return [
    ...pairs.map(({ input }) => input),
    ...[...permutations.values()].flatMap(({ order, inverse }) => [order, inverse]),
  ];
}

/**
 * Differentiates a method's loss and encodes both graphs of its step, as plain data that a worker can hand over.
 *
 * @throws {TypeError} if the loss does not depend on a parameter
 * @throws {RangeError} if a rule or the norm to clip to is out of range
 */
export function buildMethodStep(graph: StepGraph, options: MethodStepOptions): MethodStep {
  const declarations = [...graph.scope.declarations.values()];
  const built = buildStep({
    ...options,
    loss: graph.loss,
    outputs: shownOutputs(graph),
    parameters: declarations.filter(({ kind }) => kind === "trainable").map(({ value }) => value),
    state: declarations.map(({ value }) => value),
    batch: [...graph.views, ...batchInputs(graph)],
    buffers: graph.scope.written,
    scalars: [...graph.scheduled.values(), ...graph.counters],
    gradientNorm: true,
    exponentialMovingAverages: movingAverages(graph.scope),
    constraints: graph.constraints,
    frozen: graph.frozen,
  });
  return { kind: "whole", built, views: graph.views.length, ...namesOf(graph) };
}

/** Initial values of the parameters; the momentum encoder's are the online encoder's. */
export function initialWeights(graph: MethodGraph, seed: number): Map<string, Tensor> {
  const weights = graph.scope.initialize(seed);
  for (const name of weights.keys()) {
    const source = followedBy(name);
    const followed = source === undefined ? undefined : weights.get(source);
    if (followed !== undefined) weights.set(name, followed);
  }
  return weights;
}
