/**
 * Training: a method applied to a backbone, compiled into two graphs, run over a data set, logged and saved.
 *
 * @module
 */
export {
  type Checkpoint,
  type CheckpointState,
  findCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
} from "./checkpoint.ts";
export { embeddingSpread, uniformSpread } from "./embedding_spread.ts";
export {
  type BackboneFacts,
  backboneStateDict,
  encodeBackbone,
  exportOnnx,
  type ExportOnnxOptions,
  exportSafetensors,
  parseFacts,
} from "./export_backbone.ts";
export {
  buildFeatureGraph,
  FeatureExtractor,
  type FeatureExtractorOptions,
} from "./feature_extractor.ts";
export {
  buildMethodGraph,
  type MethodGraph,
  type MethodGraphOptions,
  MOMENTUM_ENCODER,
} from "./method_graph.ts";
export { viewNames, viewRecipes } from "./named_views.ts";
export { COLLAPSED_SHARE, COLLAPSED_STEPS, RunGuard, TrainingError } from "./run_guard.ts";
export { optimizerOf, runSchedules } from "./run_schedules.ts";
export {
  type PairEncoder,
  type PairJudgement,
  PairWeighting,
  type WeighedStep,
} from "./pair_weighting.ts";
export { configuredBackbone, train } from "./train.ts";
export type {
  JudgedPairs,
  PairsShown,
  RunView,
  TrainEvent,
  TrainOptions,
  TrainResult,
} from "./train_options.ts";
export {
  initialWeights,
  type StepResult,
  TrainingStep,
  type TrainingStepOptions,
} from "./training_step.ts";
