/**
 * Stable unCLIP: variations of images, by the networks and schedulers that diffusers publishes.
 *
 * @module
 */
export {
  EmbeddingNoise,
  type EmbeddingStatistics,
  type NoisyEmbeddings,
} from "./embedding_noise.ts";
export { expectedPublishedFile, expectedUnclipFile } from "./expected_file.ts";
export type { UnclipStage } from "./stage.ts";
export {
  type GenerateOptions,
  generateVariations,
  type Variation,
  type WantedVariation,
} from "./generate_variations.ts";
export {
  type ImageEncoderConfig,
  parseAutoencoder,
  parseImageEncoder,
  parseTextEncoder,
  parseUnet,
} from "./network_config.ts";
export { createNetworkSession, type NetworkGraph, type NetworkOptions } from "./network_session.ts";
export {
  networkInitializers,
  STORED_DECODER,
  STORED_TEXT_ENCODER,
  STORED_UNET,
  type StoredNetwork,
} from "./network_weights.ts";
export {
  type AutoencoderConfig,
  decodeLatents,
  encodeImages,
  type LatentDistribution,
} from "./networks/autoencoder.ts";
export { textEncoder, type TextEncoderConfig } from "./networks/text_encoder.ts";
export { unet, type UnetConfig, type UnetInputs, type UnetLevel } from "./networks/unet.ts";
export {
  type BetaSchedule,
  type NoiseScheduleConfig,
  remainingVariance,
} from "./noise_schedule.ts";
export {
  type AskedSampling,
  asPublished,
  findGenerator,
  type FindGeneratorOptions,
  type FoundGenerator,
  type Sampling,
  SMALL_SAMPLING,
} from "./find_generator.ts";
export { findUnclip, type FindUnclipOptions, type UnclipModel } from "./find_unclip.ts";
export { openUnclip, type OpenUnclipOptions } from "./open_unclip.ts";
export type { GeneratedImages } from "./decoded_images.ts";
export { UnclipPipeline } from "./pipeline.ts";
export type { UnclipOptions } from "./pipeline_parts.ts";
export { PublishedFolder, type PublishedNetwork } from "./published_folder.ts";
export { resizeVariation } from "./resize_variation.ts";
export { isSmallGenerator } from "./small_generator.ts";
export { ConfigFile } from "../weights/config_file.ts";
export { parseNoiseSchedule, parseScheduler, type PublishedScheduler } from "./scheduler_config.ts";
export {
  planSteps,
  SCHEDULER_NAMES,
  type SchedulerConfig,
  type SchedulerName,
  type SchedulerStep,
  type TimestepSpacing,
  Trajectory,
} from "./schedulers/mod.ts";
export { embedTimestep, timestepEmbedding } from "./timestep_embedding.ts";
export { ClipTokenizer } from "./tokenizer.ts";
export type { ClipVocabulary, SpecialTokens } from "./tokenizer_files.ts";
export {
  type VariationNoise,
  variationNoise,
  type VariationNoiseShapes,
} from "./variation_noise.ts";
export type { VariationRequest } from "./variation_request.ts";
