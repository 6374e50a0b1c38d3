/**
 * Files of weights: safetensors, PyTorch's and NumPy's; checkpoints of training runs; the catalogues of published weights and of
 * published checkpoints, and the Hugging Face hub's cache.
 *
 * @module
 */
export {
  type Catalog,
  type CatalogEntry,
  catalogEntry,
  type CatalogFile,
  readCatalog,
  variantNames,
  wantedFiles,
} from "./catalog.ts";
export {
  type Checkpoint,
  type CheckpointSources,
  loadCheckpoint,
  saveCheckpoint,
} from "./checkpoint/checkpoint.ts";
export { EMBEDDED, embeddedGenerator, embeddedImageEncoder } from "./embedded_generator.ts";
export { listCheckpoints, type ListedCheckpoint } from "./checkpoint/list.ts";
export {
  type DamagedCheckpoint,
  loadNewestCheckpoint,
  type NewestCheckpoint,
} from "./checkpoint/newest.ts";
export { type CheckpointState, type EpochSums, loadCheckpointState } from "./checkpoint/state.ts";
export { type Download, downloadFile, type DownloadOptions } from "./download.ts";
export { defaultHubCache, type HubRevision, RepositoryCache } from "./hub_cache.ts";
export { findLocal, importFiles } from "./local_files.ts";
export { readNpy, writeNpy } from "./npy.ts";
export { openTensors } from "./open_tensors.ts";
export { openPth, type OpenPthOptions, PthFile } from "./pth.ts";
export { findEncoder, type FoundEncoder, partOf, type RenamedPart } from "./find_encoder.ts";
export {
  type CheckpointLayout,
  type EncoderRole,
  LAYOUTS,
  recognizeLayout,
} from "./layouts/layouts.ts";
export {
  NAME_SCHEMES,
  type NameScheme,
  type PythonLibrary,
  schemeOf,
} from "./layouts/name_schemes.ts";
export { type Rename, type RenameTensor } from "./layouts/renames.ts";
export { describeCandidates, findPrefix, type FoundPrefix } from "./prefix.ts";
export {
  filesToPull,
  type FileToPull,
  findPulled,
  type FoundFile,
  type PulledFile,
  pullFiles,
  type PullOptions,
  type WantedFile,
} from "./pull.ts";
export {
  openSafetensors,
  readSafetensors,
  type SafetensorsContent,
  SafetensorsFile,
  type TensorSource,
  writeSafetensors,
  type WriteSafetensorsOptions,
} from "./safetensors.ts";
export { type TensorFile } from "./tensor_file.ts";
export {
  agrees,
  type ExpectedFile,
  type ExpectedTensor,
  type TensorDifferences,
  verifyTensors,
} from "./verify_tensors.ts";
export {
  type CachedVariant,
  type ExpectFile,
  type ListedWeights,
  listWeights,
  pullWeights,
  type PullWeightsOptions,
  type VerifiedFile,
  verifyWeights,
  type VerifyWeightsOptions,
  type WeightsOptions,
  weightsToPull,
} from "./weight_sets.ts";
export {
  type ModelCatalog,
  type PublishedModel,
  publishedModel,
  readModelCatalog,
} from "./zoo/model_catalog.ts";
export {
  defaultModelFolder,
  findModel,
  type ListedModel,
  listModels,
  type LocatedModel,
  locateModel,
  type ModelFolders,
  placeOfModel,
} from "./zoo/local_models.ts";
export { pullModel, type PullModelOptions } from "./zoo/pull_model.ts";
