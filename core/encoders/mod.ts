/**
 * Frozen networks that turn images into features, tokens or scores; CLIP by name, a run by folder, a file by path; and
 * export of trained backbones for other programs.
 *
 * @module
 */
export {
  ClipEncoder,
  type ClipEncoderOptions,
  type ClipFeatures,
  type ClipSessionOptions,
  createClipSession,
} from "./clip_encoder.ts";
export {
  type BackboneFileOptions,
  type BackboneOfFile,
  recognizeBackboneFile,
} from "./backbone_file.ts";
export {
  type BackboneWeights,
  type BackboneWeightsOptions,
  describeBackboneWeights,
  openBackboneWeights,
} from "./backbone_weights.ts";
export { inspectCheckpoint, type InspectedCheckpoint } from "./inspect_checkpoint.ts";
export { ImageEncoder, type ImageEncoderOptions } from "./image_encoder.ts";
export { type ExportedRun, exportRun, type ExportRunOptions } from "./export_run.ts";
export {
  type ExportedImageEncoder,
  exportImageEncoder,
  type ExportImageEncoderOptions,
  exportTower,
  type ExportTowerOptions,
  openTrainedTower,
  type OpenTrainedTowerOptions,
  type TrainedTower,
} from "./export_image_encoder.ts";
export { type ClipVisionWeights, writeClipFolder } from "./clip_folder.ts";
export { embeddingProjection, type EmbeddingProjectionOptions } from "./embedding_projection.ts";
export { openTrainedBackbone, type TrainedBackbone } from "./trained_backbone.ts";
export { expectedClipFile } from "./expected_clip_file.ts";
export { openTokenNetwork, type TokenNetworkChoice } from "./open_token_network.ts";
export { TOKEN_NETWORK_OPTIONS, type TokenNetworkOptions } from "./token_network_options.ts";
export { clipTokenNetwork } from "./clip_token_network.ts";
export { backboneTokenNetwork, type BackboneTokenOptions } from "./backbone_token_network.ts";
export { TokenEncoder, type TokenEncoderOptions, type TokenNetwork } from "./token_encoder.ts";
export {
  type BackboneFacts,
  backboneStateDict,
  encodeBackbone,
  exportOnnx,
  type ExportOnnxOptions,
  exportSafetensors,
  type ExportSafetensorsOptions,
  type LibraryStateDict,
  libraryStateDict,
  parseFacts,
} from "./export_backbone.ts";
export {
  buildFeatureGraph,
  FeatureExtractor,
  type FeatureExtractorOptions,
} from "./feature_extractor.ts";
export { weightsIdentity } from "./weights_identity.ts";
