/**
 * The memory of the evaluations during a run.
 *
 * @module
 */
import type { Backbone } from "../../backbones/backbone.ts";
import { configuredRecipe } from "../../evaluate/configured_evaluation.ts";
import { EVALUATION_BATCH } from "../../evaluate/evaluate_backbone.ts";
import { buildFeatureGraph } from "../../encoders/feature_extractor.ts";
import { encodeModel, traceModel } from "../../engine/onnx/mod.ts";
import { arenaBytes } from "../../engine/ort/mod.ts";
import type { Configuration } from "../../method/configuration.ts";

/** The memory of an evaluation, in bytes. */
export interface EvaluationMemory {
  /** Number of nodes of the network without gradients. */
  readonly nodes: number;
  /** Intermediate values of a run on one batch. */
  readonly activations: number;
}

/** The memory of the evaluations that a configuration asks for; undefined if it asks for none. */
export function evaluationMemory(
  backbone: Backbone,
  configuration: Pick<Configuration, "evaluateEvery" | "evaluationData" | "imageSize" | "views">,
): EvaluationMemory | undefined {
  const { evaluateEvery, evaluationData } = configuration;
  if (evaluateEvery === 0 || evaluationData === "") return undefined;
  const { size, normalize } = configuredRecipe(configuration);
  const { features } = buildFeatureGraph({
    backbone,
    size,
    normalize,
    batchSize: EVALUATION_BATCH,
  });
  const trace = traceModel(encodeModel({ outputs: { features }, typed: true }));
  return { nodes: trace.nodes.length, activations: arenaBytes([trace]) };
}
