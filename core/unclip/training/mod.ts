/**
 * Training and fine-tuning of generators: small Stable unCLIPs of one's own, made from a folder of images.
 *
 * {@linkcode trainGenerator} does all of it, resumable, and leaves a folder that diffusers' `StableUnCLIPImg2ImgPipeline` and
 * {@linkcode writeGeneratorFolder}'s readers load. The losses and stages stand alone for training programs of one's own.
 *
 * @module
 */
export {
  autoencoderLoss,
  type AutoencoderLossOptions,
  imagesOf,
  latentDivergence,
  type ReconstructionLoss,
  sampleLatents,
} from "./autoencoder_loss.ts";
export {
  averageName,
  averagesIn,
  buildStage,
  type BuiltStage,
  type StageGraph,
  type StageOptimization,
  withAverages,
} from "./built_stage.ts";
export { standardizeLabels, withPlainLabels, withStandardizedLabels } from "./class_embedding.ts";
export {
  denoisingLoss,
  type DenoisingLossOptions,
  type LossWeighting,
  minSnrWeight,
  type PredictionType,
} from "./denoising_loss.ts";
export {
  type EmbeddingGaussian,
  embeddingGaussian,
  frechetDistance,
  type Matrix,
} from "./distance.ts";
export { drawSamples, type DrawSamplesOptions } from "./draw_samples.ts";
export {
  embeddingStatistics,
  type EncodedImages,
  type EncodeImagesOptions,
  encodeTrainingImages,
  scalingFactor,
} from "./encoded_images.ts";
export {
  checkpointOf,
  exportedEncoder,
  exportedEncoderFolder,
  type ExportedEncoderOptions,
} from "./exported_encoder.ts";
export {
  type AutoencoderTraining,
  type ExportedEmbedding,
  type GeneratorConfiguration,
  generatorConfiguration,
  type NetworkOptimization,
  type TextEncoderSizes,
  type UnetTraining,
} from "./generator_configuration.ts";
export { type GeneratorParts, writeGeneratorFolder } from "./generator_folder.ts";
export { generatorSchema } from "./generator_schema.ts";
export type { LevelMeasure } from "./level_comparison.ts";
export { HELD_OUT_SEED, LevelSampler, type LevelSamplerOptions } from "./level_sampler.ts";
export { KeptVariations } from "./kept_variations.ts";
export { type LevelMeasures, measureLevels, type MeasureLevelsOptions } from "./level_measures.ts";
export type { CutterOptions } from "./image_cutter.ts";
export { peakSignalToNoise, reconstructImages } from "./reconstruct.ts";
export {
  type GivenConfiguration,
  readGeneratorRun,
  type RecordedGeneratorRun,
  runGenerator,
  type RunGeneratorOptions,
} from "./run_generator.ts";
export type { BatchInputs } from "./replicated_step.ts";
export { generatorSamples, type GeneratorSamplesOptions } from "./samples.ts";
export type { OwnNetwork, StoredPrecision } from "./generator_networks.ts";
export type { DenoisingSchedule } from "./published_configuration.ts";
export type { StageEvent, StageName, TrainedNetwork } from "./stage_event.ts";
export {
  runStage,
  type StageMeasures,
  type StageOutcome,
  type StageRunOptions,
} from "./stage_run.ts";
export type { StageSettings } from "./stage_settings.ts";
export { averageDecayAt, stageScalars } from "./stage_schedule.ts";
export { trainAutoencoder } from "./train_autoencoder.ts";
export {
  type GeneratorMeasures,
  type TrainedGenerator,
  trainGenerator,
  type TrainGeneratorOptions,
} from "./train_generator.ts";
export {
  LAYOUT_TRAINING,
  type LayoutTraining,
  layoutTraining,
  trainLayout,
  type TrainLayoutOptions,
} from "./train_layout.ts";
export { type LayoutEncoderOptions, makeLayoutEncoder } from "./layout_encoder.ts";
export {
  trainUnet,
  type UnetData,
  type UnetPlan,
  unetPlan,
  type UnetSettings,
} from "./train_unet.ts";
