/**
 * Data sets, decoding, views and the loader.
 *
 * A data set lists samples and decodes nothing. The loader decodes each image once, cuts its views on the host (crop,
 * resize, flip) and hands over uint8 pixels with the parameters of everything that happens to colours; the photometric
 * graph applies those on the device. Emoji with options of their own are an entry point of their own:
 * `core/data/emoji/mod.ts`.
 *
 * @module
 */
export {
  type Coverage,
  type Dataset,
  type EncodedSource,
  type ImagePlace,
  type ImageSource,
  type MaskedImage,
  type RenderedSource,
  type RgbImage,
  type Sample,
} from "./dataset.ts";
export { datasetOf, fileSource, imagesInMemory } from "./dataset_of.ts";
export {
  openData,
  type OpenDataOptions,
  openEvaluationData,
  type OpenEvaluationDataOptions,
  openTrainingData,
  openVariations,
  type TrainingDataOptions,
} from "./open_data.ts";
export { evenIndices } from "./even_indices.ts";
export { spreadSamples } from "./spread_samples.ts";
export { evenSubset, subset, uniqueIndices } from "./subset.ts";
export { normalizeKey } from "./relative_path.ts";
export { type ClassList, parseClassList, readClassList } from "./class_list.ts";
export { IMAGE_EXTENSIONS, type ImageFolderOptions, openImageFolder } from "./image_folder.ts";
export { type ImageListOptions, openImageList } from "./image_list.ts";
export {
  type MissingVariation,
  type PairingOptions,
  type VariationKey,
  withVariations,
} from "./pairing.ts";
export {
  openVariationFolder,
  openVariationList,
  type VariationFiles,
  type VariationOptions,
} from "./variations.ts";
export {
  findShards,
  imagesOfTars,
  isShardName,
  openNamedShards,
  openShards,
  type OpenShardsOptions,
  openVariationShards,
  openVariationsIn,
  type ShardFiles,
  type ShardKind,
  tarsIn,
} from "./shards/mod.ts";
export {
  type ExtractOptions,
  type ExtractOutcome,
  extractTar,
  type FileOfTar,
  findTarParts,
  type IndexOptions,
  indexTar,
  openTarIndex,
  type TarIndex,
  type TarPart,
  type TarProgress,
  writeTar,
} from "./tar/mod.ts";
export {
  type DecodedImage,
  type EncodedImage,
  openImage,
  type Reduction,
} from "./decode/encoded_image.ts";
export { decodeSource } from "./decode/decode_source.ts";
export { readImageFile } from "./decode/read_image_file.ts";
export { UnreadableImageError } from "./decode/unreadable_image_error.ts";
export {
  type ClipCrop,
  clipEvaluationView,
  type ClipViewOptions,
  cutClipView,
  placeClipView,
} from "./clip_preprocessing.ts";
export {
  encodeImage,
  type EncodeImageOptions,
  type ImageFormat,
  type WritableImage,
  writeImage,
} from "./write_image.ts";
export { normalizePixels, renormalize } from "./normalize_pixels.ts";
export { cutView } from "./geometry/cut_view.ts";
export { placeEvaluation, type Placement, placeView } from "./geometry/placement.ts";
export type { Range } from "./views/range.ts";
export {
  type CropRecipe,
  type EvaluationRecipe,
  type Interpolation,
  type Normalization,
  type ViewRecipe,
} from "./views/recipe.ts";
export * from "./views/steps/mod.ts";
export type { RandAugmentName } from "./views/rand_augment_operations.ts";
export type { AffineInterpolation } from "./geometry/transform_image.ts";
export type { Code as WebAssemblyCode, WebAssemblyFunction } from "./geometry/web_assembly.ts";
export {
  barlowTwinsViews,
  byolViews,
  CLIP_NORMALIZATION,
  dinoGlobalViews,
  dinoLocalView,
  evaluationRecipe,
  evaluationView,
  IMAGENET_NORMALIZATION,
  mildLocalView,
  mildView,
  mocoV2View,
  mocoV3ResNetViews,
  mocoV3ViTViews,
  type PresetOptions,
  simClrSmallView,
  simClrView,
  smallImageView,
  swavGlobalView,
  swavLocalView,
  vicRegViews,
  withoutBlur,
} from "./views/presets.ts";
export { type ViewChoice, viewNames, viewRecipes } from "./views/named_views.ts";
export { type ViewPreset, viewPresetSchema, type Views } from "./views/view_preset.ts";
export { checkEvaluationRecipe, checkViewRecipe, viewRecipeSchema } from "./views/check_recipe.ts";
export { type CropBox, type GeometricParameters, type ViewParameters } from "./views/parameters.ts";
export { sampleView } from "./views/sample_view.ts";
export { packPhotometry } from "./views/pack_photometry.ts";
export {
  blurKernelLength,
  buildPhotometricGraph,
  colorJitter,
  gaussianBlur,
  type GaussianBlurOptions,
  JITTER_STEPS,
  type JitterInputs,
  type JitterOrder,
  type PhotometricGraph,
  type PhotometricGraphOptions,
  type PhotometricView,
  Photometry,
  type PhotometryOptions,
  type PixelView,
  shiftHue,
} from "./photometry/mod.ts";
export { type Loader, type LoaderOptions, type LoaderStatistics } from "./loader/options.ts";
export {
  type BatchedView,
  type ViewBatch,
  viewLoader,
  type ViewLoaderOptions,
} from "./loader/view_loader.ts";
export {
  type EvaluationBatch,
  evaluationLoader,
  type EvaluationLoaderOptions,
} from "./loader/evaluation_loader.ts";
