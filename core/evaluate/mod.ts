/**
 * Evaluation of backbones: nearest neighbours, linear classifiers, retrieval and fine-tuning, each beside its chance
 * level. `evaluateBackbone` computes the features of two data sets and scores them; `weightedKnn`, `knnSweep`,
 * `linearProbe` and `retrieval` take matrices of features that were computed before; `augmentedProbe` and `fineTune`
 * train on images that are cut anew in every epoch, as published protocols do. An image that is in both data sets is never its own neighbour, and never tests a
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
export { augmentedProbe, type AugmentedProbeOptions } from "./augmented_probe.ts";
export { type ChanceLevel, chanceLevel } from "./chance.ts";
export type {
  ClassifierProgress,
  ClassifierResult,
  ClassifierTrainingOptions,
} from "./classifier_training.ts";
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
  type ImageFeatures,
} from "./dataset_features.ts";
export {
  embeddingMap,
  type EmbeddingMapOptions,
  featureNeighbors,
  type FeatureNeighborsOptions,
} from "./embedding_map.ts";
export {
  EpochCheckpoints,
  type EpochCheckpointsOptions,
  type EpochProgress,
  type TrainingIdentity,
} from "./epoch_checkpoints.ts";
export {
  type BackboneEvaluation,
  type BackboneFeatures,
  backboneFeatures,
  type BackboneScores,
  checkEvaluation,
  counterpartRetrieval,
  evaluateBackbone,
  evaluatePixels,
  type FeatureProgress,
  type PlacedBackbone,
} from "./evaluate_backbone.ts";
export {
  fineTune,
  type FineTunedNetwork,
  type FineTuneOptions,
  type FineTuningResult,
  fineTuningScalars,
} from "./fine_tune.ts";
export {
  buildFineTuning,
  type FineTuningGraph,
  type FineTuningGraphOptions,
} from "./fine_tuning_graph.ts";
export {
  describeFineTuning,
  FINE_TUNING_RECIPES,
  type FineTuningRecipe,
  fineTuningRecipe,
  type RateCourse,
} from "./fine_tuning_recipes.ts";
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
export { labelledShare, readLabelledList } from "./labelled_share.ts";
export {
  describeProbeRecipe,
  LINEAR_PROBE_RECIPES,
  type LinearProbeLength,
  type LinearProbeRecipe,
  linearProbeRecipe,
  type NamedLinearProbeRecipe,
  probeLearningRate,
  probeOptimizer,
} from "./linear_probe_recipes.ts";
export { mixingMask, type MixingOptions } from "./mixing.ts";
export {
  DEFAULT_NEIGHBORS,
  type NearestNeighbors,
  nearestNeighbors,
  type NearestNeighborsOptions,
} from "./nearest_neighbors.ts";
export {
  type FeatureNeighbors,
  layOutNeighbors,
  type LayoutOptions,
  type NeighborLayoutOptions,
} from "./neighbor_layout.ts";
export { normalizeRows } from "./normalize_rows.ts";
export { findOverlap, type Overlap } from "./overlap.ts";
export {
  type LabeledRows,
  PROBE_MODE,
  probeBackbone,
  type ProbeOptions,
  type ProbeRows,
  probeRows,
  type ProbeScores,
  type ProbeSplit,
} from "./probe_backbone.ts";
export { DEFAULT_PROTOCOLS, parseProtocol, type Protocol, PROTOCOLS } from "./protocols.ts";
export {
  addResults,
  checkpointName,
  classChance,
  type EncoderName,
  type EvaluatedCheckpoint,
  type EvaluatedData,
  type EvaluationResult,
  mergeResults,
  readResults,
  readRuns,
  RESULTS_FILE,
} from "./results.ts";
export { type ResultsTable, resultsTables } from "./results_table.ts";
export {
  type IdentifiedFeatures,
  retrieval,
  type RetrievalOptions,
  type RetrievalResult,
  type RetrievalScores,
} from "./retrieval.ts";
export type { ComputeOptions, FeatureDistance, SimilarityOptions } from "./similarities.ts";
export {
  type SupervisedData,
  supervisedData,
  type SupervisedDataOptions,
} from "./supervised_data.ts";
export { supervisedView } from "./supervised_view.ts";
export {
  type KnnAccuracy,
  type KnnResult,
  knnSweep,
  type KnnSweepOptions,
  weightedKnn,
  type WeightedKnnOptions,
} from "./weighted_knn.ts";
