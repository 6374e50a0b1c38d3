/**
 * Foreground masks by PCA of a network's tokens, after GenView (Li et al. 2024, section 3.2).
 *
 * Tokens are added up to their covariance; its first eigenvector gives each token a score; a threshold makes a mask of
 * the scores, whose share of foreground says how much noise an image's variation may get.
 *
 * @module
 */
export {
  type Covariance,
  COVARIANCE_ROWS,
  CovarianceAccumulator,
  covarianceErrorBound,
} from "./covariance.ts";
export { foregroundMask, foregroundRatios, type MaskType, softMaps } from "./foreground.ts";
export {
  centerSquareMasks,
  compareMasks,
  correlation,
  type MaskComparison,
  maskPatches,
  type MaskQuality,
  maskQuality,
  randomMasks,
} from "./mask_quality.ts";
export { type Grid, type Orientation, orientScores } from "./orientation.ts";
export { type PrincipalComponent, principalComponent } from "./principal_component.ts";
export { tokenScores } from "./scores.ts";
export {
  genviewThreshold,
  quantileThreshold,
  type ScoreHistogram,
  scoreHistogram,
} from "./threshold.ts";
