/**
 * GenView's whole pipeline in one call: features, foreground ratios, noise levels, variations, pretraining on generated
 * pairs that are weighted by their quality, evaluation, and one report.
 *
 * @module
 */
export { chooseStages, STAGE_NAMES, type StageChoice, type StageName } from "./choose_stages.ts";
export type { PipelineEvent, StageEstimate, WeightsDownload } from "./pipeline_event.ts";
export type {
  PipelineControl,
  PipelineHub,
  PipelineOptions,
  PipelineQuestion,
} from "./pipeline_options.ts";
export { type PipelineOutcome, runPipeline } from "./run_pipeline.ts";
