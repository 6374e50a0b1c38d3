/**
 * Evaluation of frozen features: nearest neighbours, linear classifiers and retrieval, each beside its chance level.
 * `evaluateBackbone` computes the features of two data sets and scores them; the other functions take matrices of
 * features that were computed before. An image that is in both data sets is never its own neighbour, and never tests a
 * classifier that was trained on it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { chanceLevel, linearProbe, weightedKnn } from "./mod.ts";
 *
 * const bank = { features: float32([4, 2], [1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9]), labels: Int32Array.of(3, 3, 7, 7) };
 * const queries = { features: float32([2, 2], [2, 0.1, 0.2, 3]), labels: Int32Array.of(3, 7) };
 * assertEquals((await weightedKnn(bank, queries, { k: 2 })).top1, 1);
 * assertEquals((await linearProbe(bank, queries, { epochs: 20 })).top1, 1);
 * assertEquals(chanceLevel(bank.labels, queries.labels).balanced, 0.5);
 * ```
 *
 * @module
 */
export { type ChanceLevel, chanceLevel } from "./chance.ts";
export {
  configuredEvaluation,
  configuredRecipe,
  type EvaluateNetwork,
  evaluationOf,
  type EvaluationOptions,
} from "./configured_evaluation.ts";
export {
  type DatasetFeatures,
  datasetFeatures,
  type DatasetFeaturesOptions,
} from "./dataset_features.ts";
export {
  type BackboneEvaluation,
  type BackboneScores,
  checkEvaluation,
  evaluateBackbone,
  type FeatureProgress,
  type PlacedBackbone,
} from "./evaluate_backbone.ts";
export {
  DEFAULT_HELD_OUT_SHARE,
  type HeldOut,
  holdOut,
  type HoldOutOptions,
  holdOutRows,
} from "./hold_out.ts";
export {
  type LabeledFeatures,
  type OccurringClasses,
  occurringClasses,
} from "./labeled_features.ts";
export { linearProbe, type LinearProbeOptions, type LinearProbeResult } from "./linear_probe.ts";
export { LINEAR_PROBE_RECIPES, type LinearProbeRecipe } from "./linear_probe_recipes.ts";
export {
  DEFAULT_NEIGHBORS,
  type NearestNeighbors,
  nearestNeighbors,
  type NearestNeighborsOptions,
} from "./nearest_neighbors.ts";
export { normalizeRows } from "./normalize_rows.ts";
export { findOverlap, type Overlap } from "./overlap.ts";
export {
  PROBE_MODE,
  probeBackbone,
  type ProbeOptions,
  type ProbeRows,
  probeRows,
  type ProbeScores,
  type ProbeSplit,
} from "./probe_backbone.ts";
export {
  type IdentifiedFeatures,
  retrieval,
  type RetrievalResult,
  type RetrievalScores,
} from "./retrieval.ts";
export type { ComputeOptions } from "./similarities.ts";
export { type KnnResult, weightedKnn, type WeightedKnnOptions } from "./weighted_knn.ts";
