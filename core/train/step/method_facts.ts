/**
 * What is known of a method's graph without computing anything, as plain data.
 *
 * @module
 */
import { observeConvolutions } from "../../engine/ops/convolution/tuning.ts";
import { type ConvProblem, problemKey } from "../../engine/ops/convolution/problem.ts";
import type { LossRange } from "../../method/manifest.ts";
import { countParameters, type MethodGraph } from "./method_graph.ts";
import { followedBy, movingAverages } from "./momentum_encoder.ts";
import { elementCount } from "../../engine/graph/shape.ts";

/** What is known of a method's graph. */
export interface MethodFacts {
  /** Trained parameters. */
  readonly parameters: number;
  /** Parameters that stay as they are, such as a ViT's fixed positions. */
  readonly fixedParameters: number;
  /** Parameters of the momentum encoder. */
  readonly momentumParameters: number;
  /** Coordinates of the embeddings whose spread is watched. */
  readonly embeddingWidth: number;
  /** Number of views. */
  readonly views: number;
  /** Indices of the views that the loss does not depend on. */
  readonly unusedViews: readonly number[];
  /** Whether the loss depends on the weights of the pairs. */
  readonly usesPairWeights: boolean;
  /** Names of the scalars that schedules set. */
  readonly scheduled: readonly string[];
  /** Whether a momentum encoder follows trained parameters. */
  readonly hasMomentumEncoder: boolean;
  /** What the loss is expected to be, where that depends on options. */
  readonly lossRange?: LossRange;
  /** The convolutions of the forward pass, each once. */
  readonly convolutions: readonly ConvProblem[];
}

/** Elements of the parameters that are not trained: those of the momentum encoder, or all others. */
function countUntrained({ scope }: MethodGraph, ofMomentum: boolean): number {
  return [...scope.declarations.values()]
    .filter(({ name, kind }) => kind === "fixed" && (followedBy(name) !== undefined) === ofMomentum)
    .reduce((sum, { value }) => sum + elementCount(value.shape), 0);
}

/**
 * What is known of a graph that a function builds.
 *
 * @param applied builds the graph whose convolutions are computed, where that is another: the one of a micro-batch
 */
export function factsOf(build: () => MethodGraph, applied?: () => unknown): MethodFacts {
  const problems = new Map<string, ConvProblem>();
  const observed = <T>(make: () => T) =>
    observeConvolutions((problem) => problems.set(problemKey(problem), problem), make);
  const graph = applied === undefined ? observed(build) : build();
  if (applied !== undefined) observed(applied);
  const { views, embeddings, unusedViews, usesPairWeights, scheduled, lossRange, scope } = graph;
  return {
    parameters: countParameters(graph),
    fixedParameters: countUntrained(graph, false),
    momentumParameters: countUntrained(graph, true),
    embeddingWidth: embeddings.shape[1]!,
    views: views.length,
    unusedViews,
    usesPairWeights,
    scheduled: [...scheduled.keys()],
    hasMomentumEncoder: movingAverages(scope).length > 0,
    ...(lossRange !== undefined && { lossRange }),
    convolutions: [...problems.values()],
  };
}
