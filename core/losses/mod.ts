/**
 * Losses: functions of symbolic tensors that accept a weight for every sample. A method may bring its own, made of
 * the same operators.
 *
 * @module
 */
export { type Loss, type LossOptions, weightedMean } from "./loss.ts";
export { barlowTwins, type BarlowTwinsOptions } from "./barlow_twins.ts";
export { negativeCosineSimilarity } from "./cosine_similarity.ts";
export { crossEntropy, type CrossEntropyOptions } from "./cross_entropy.ts";
export { infoNce, type InfoNceOptions } from "./info_nce.ts";
export { multiPositive, type MultiPositiveOptions } from "./multi_positive.ts";
export { pairsOfViews } from "./pairs_of_views.ts";
export { sinkhorn, type SinkhornOptions } from "./sinkhorn.ts";
export { swappedPrediction } from "./swapped_prediction.ts";
export { covarianceLoss, invarianceLoss, varianceLoss } from "./vicreg.ts";
export {
  type FeatureSimilarity,
  foregroundMap,
  type PairQuality,
  type PairSimilarity,
  pairSimilarity,
  type QualityOptions,
  qualityWeights,
  similarityWeights,
} from "./quality_weights.ts";
