/**
 * Foreground masks by PCA of a network's tokens, after GenView (Li et al. 2024, section 3.2).
 *
 * Tokens are added up to their covariance; its first principal component gives each token a score; a threshold makes a
 * mask of the scores, whose share of foreground says how much noise an image's variation may get. `extractFeatures` does
 * all of it for images on disk, and resumes where it was stopped; the other functions are its parts.
 *
 * @module
 */
export {
  ANALYSIS_FILES,
  type AnalysisRequest,
  type AnalysisSample,
  isAnalysisOf,
  readAnalysis,
  sampleOf,
  type ThresholdFile,
  thresholdFile,
  writeAnalysis,
} from "./analysis_files.ts";
export { OVERVIEW, PICTURE_FOLDERS, writePictures } from "./analysis_pictures.ts";
export {
  type Analysis,
  analyze,
  type AnalyzedNetwork,
  type AnalyzeOptions,
  type ThresholdRule,
} from "./analyze.ts";
export { findComponent, readComponent, readThreshold } from "./component_file.ts";
export {
  type Covariance,
  COVARIANCE_ROWS,
  CovarianceAccumulator,
  covarianceErrorBound,
} from "./covariance.ts";
export {
  extractFeatures,
  type ExtractFeaturesOptions,
  type ExtractionControl,
  type ExtractionOutcome,
  sampleIndices,
} from "./extract_features.ts";
export {
  type ExtractedFeatures,
  extractMissing,
  type ExtractMissingOptions,
} from "./extract_missing.ts";
export type { ExtractionEvent } from "./extraction_event.ts";
export {
  checkExtractionRecord,
  type ExtractionRecord,
  readExtractionRecord,
  writeExtractionRecord,
} from "./extraction_record.ts";
export {
  FEATURE_DTYPES,
  type FeatureDType,
  FeatureFiles,
  isRefusedName,
  keyOfMirrored,
  mirroredPath,
} from "./feature_files.ts";
export { gridPicture, scoreFigure } from "./figures.ts";
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
export {
  choiceToRecord,
  type NetworkChoice,
  openRecordedNetwork,
  recordedChoice,
} from "./recorded_network.ts";
export { tokenScores } from "./scores.ts";
export {
  genviewThreshold,
  quantileThreshold,
  type ScoreHistogram,
  scoreHistogram,
} from "./threshold.ts";
export {
  encodeDataset,
  type EncodedBatch,
  type EncodeOptions,
  imagesRoot,
  runSize,
} from "./token_batches.ts";
