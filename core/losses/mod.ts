/**
 * Losses: functions of symbolic tensors that accept a weight for every sample. A method may bring its own, made of
 * the same operators.
 *
 * @module
 */
export { type Loss, type LossOptions, weightedMean } from "./loss.ts";
export { negativeCosineSimilarity } from "./cosine_similarity.ts";
export {
  foregroundMap,
  type PairQuality,
  type QualityOptions,
  qualityWeights,
} from "./quality_weights.ts";
