/**
 * Evaluation of features: neighbours, linear classifiers, retrieval and measures of collapse. All of it takes
 * matrices of features that were computed before; `dataset_features.ts` computes them.
 *
 * @module
 */
export { effectiveRank, featureSpread } from "./collapse.ts";
export { classCount, type LabeledFeatures } from "./labeled_features.ts";
export { linearProbe, type LinearProbeOptions, type LinearProbeResult } from "./linear_probe.ts";
export { LINEAR_PROBE_RECIPES, type LinearProbeRecipe } from "./linear_probe_recipes.ts";
export {
  type NearestNeighbors,
  nearestNeighbors,
  type NearestNeighborsOptions,
} from "./nearest_neighbors.ts";
export { normalizeRows } from "./normalize_rows.ts";
export {
  type IdentifiedFeatures,
  retrieval,
  type RetrievalResult,
  type RetrievalScores,
} from "./retrieval.ts";
export type { ComputeOptions } from "./similarities.ts";
export { type KnnResult, weightedKnn, type WeightedKnnOptions } from "./weighted_knn.ts";
