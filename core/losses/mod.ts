/**
 * Losses: functions of symbolic tensors that accept a weight for every sample. A method may bring its own, made of
 * the same operators.
 *
 * @module
 */
export { type Loss, type LossOptions, weightedMean } from "./loss.ts";
export { negativeCosineSimilarity } from "./cosine_similarity.ts";
export { crossEntropy } from "./cross_entropy.ts";
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
