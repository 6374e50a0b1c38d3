/**
 * The backbone of a run as the image encoder of a Stable unCLIP, in the folders of transformers and diffusers.
 *
 * @module
 */
import { join } from "node:path";
import { clipVisionConfig } from "../backbones/clip_vision_backbones.ts";
import {
  clipTokens,
  type ClipVisionTransformerConfig,
} from "../backbones/clip_vision_transformer.ts";
import { resampledTable } from "../backbones/resample_positions.ts";
import { clipEvaluationView } from "../data/clip_preprocessing.ts";
import type { Dataset } from "../data/dataset.ts";
import { evaluationLoader } from "../data/loader/evaluation_loader.ts";
import type { EvaluationRecipe, Normalization } from "../data/views/recipe.ts";
import { type GraphTarget, withTarget } from "../engine/graph/target.ts";
import { float32, type Tensor } from "../engine/graph/tensor.ts";
import type { Value } from "../engine/graph/value.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { CPU, type Placement, Session } from "../engine/ort/mod.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import type { EncoderRole } from "../weights/layouts/layouts.ts";
import { checkFreeClipFolder, writeClipFolder } from "./clip_folder.ts";
import { embeddingProjection, type EmbeddingProjectionOptions } from "./embedding_projection.ts";
import { ImageEncoder } from "./image_encoder.ts";
import { openTrainedBackbone } from "./trained_backbone.ts";

/** A vision transformer of CLIP's shape as a run has trained it, without a projection. */
export interface TrainedTower {
  /** What it is made of. */
  readonly config: ClipVisionTransformerConfig;
  /** Its parameters by the names of open_clip's `VisionTransformer`, in float32. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Height and width of the images that its positions are for, in pixels. */
  readonly size: number;
  /** Statistics that images are normalised with. */
  readonly normalize: Normalization;
  /** Steps of the run that were taken. */
  readonly step: number;
}

/** How {@linkcode openTrainedTower} reads a backbone. */
export interface OpenTrainedTowerOptions {
  /** Height and width of its images, in pixels (default those of training). */
  readonly imageSize?: number;
  /** Which of the run's encoders: the trained one (default), or its moving average, which not every method has. */
  readonly encoder?: EncoderRole;
}

/** How {@linkcode exportTower} makes an image encoder. */
export interface ExportTowerOptions extends EmbeddingProjectionOptions, Partial<Placement> {
  /** Images by whose features the projection is found. */
  readonly dataset: Dataset;
  /**
   * Times that each image is encoded for that, in epochs of its own: more than 1 is for images that are rendered anew, and
   * tells what an image shows from what its draws differ in (default 1).
   */
  readonly draws?: number;
  /** Images in a run of the network (default 64). */
  readonly batchSize?: number;
  /** Takes what is wrong with images that cannot be read, which are left out (default: the first ends the export). */
  readonly onWarning?: (message: string) => void;
  /** Images that are known to be unreadable: why, by their source's name; those that are met are added. */
  readonly unreadable?: Map<string, string>;
  /** Ends the export between two batches. */
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of images whose features are done, over all draws. */
  readonly onProgress?: (done: number) => void;
}

/** How {@linkcode exportImageEncoder} makes an image encoder. */
export interface ExportImageEncoderOptions extends ExportTowerOptions, OpenTrainedTowerOptions {}

/** What {@linkcode exportImageEncoder} has written. */
export interface ExportedImageEncoder {
  /** Folder of the encoder. */
  readonly folder: string;
  /** Parameters, the projection's among them. */
  readonly parameters: number;
  /** Steps of the run that were taken. */
  readonly step: number;
}

/** A state dict for images of a size, whose positions are resampled where they are for another. */
function sizedTensors(
  tensors: ReadonlyMap<string, Tensor>,
  patches: number,
): Map<string, Tensor> {
  const positions = tensors.get("positional_embedding") as Tensor<"float32">;
  const [length, width] = positions.shape as [number, number];
  if (length === patches + 1) return new Map(tensors);
  const table = float32([1, length, width], positions.data);
  const made = resampledTable(table, [1, patches + 1, width])!;
  const sized = float32([patches + 1, width], made.data);
  return new Map([...tensors, ["positional_embedding", sized]]);
}

/** The class tokens `[N, width]` of normalised images, by the parameters of a tower under their names. */
export function classTokenGraph(
  config: ClipVisionTransformerConfig,
  images: Value,
  target: GraphTarget,
): Value {
  const joined = { ...config, joined: true };
  return withTarget(target, () => clipTokens(new Scope(), images, joined).classToken);
}

/** The class tokens of a data set's images, `[N, width]` for each draw. */
async function classTokens(
  { config, tensors }: TrainedTower,
  view: EvaluationRecipe,
  options: ExportTowerOptions,
): Promise<Tensor<"float32">[]> {
  const { dataset, draws = 1, batchSize = 64, device = CPU, threads } = options;
  const { onWarning, unreadable = new Map(), signal, onProgress } = options;
  const load = (images: Value) => {
    const features = classTokenGraph(config, images, { provider: device.provider });
    const model = encodeModel({ outputs: { features }, initializers: tensors });
    return Session.create(model, { device, threads });
  };
  using encoder = await ImageEncoder.create(
    { ...view, batchSize, device, ...(threads !== undefined && { threads }) },
    load,
    ["features"],
  );
  const found: Tensor<"float32">[] = [];
  for (let epoch = 0; epoch < draws; epoch++) {
    const features = new Float32Array(dataset.length * config.width);
    let done = 0;
    const loader = evaluationLoader(dataset, view, {
      batchSize,
      epoch,
      unreadable,
      ...(onWarning === undefined ? { strict: true } : { onWarning }),
    });
    for await (const { images } of loader) {
      signal?.throwIfAborted();
      const [count = 0] = images.shape;
      if (count === 0) continue;
      features.set((await encoder.encode(images)).features.data, done * config.width);
      done += count;
      onProgress?.(epoch * dataset.length + done);
    }
    found.push(float32([done, config.width], features.subarray(0, done * config.width)));
  }
  return found;
}

/**
 * Reads the backbone of a run as a tower, whose positions are resampled where they are for images of another size.
 *
 * @param run folder of the run, or of one of its checkpoints, whose backbone is a vision transformer of CLIP's shape
 * @throws {TypeError} if the backbone is another, or the run has no such encoder
 * @throws {RangeError} if patches do not tile the images
 */
export async function openTrainedTower(
  run: string,
  { imageSize, encoder }: OpenTrainedTowerOptions = {},
): Promise<TrainedTower> {
  const trained = await openTrainedBackbone(run, encoder);
  const { spec: { name }, normalize, step } = trained;
  const config = clipVisionConfig(name);
  if (config === undefined) {
    throw new GenviewTypeError(
      `Cannot write an image encoder: the backbone of ${run} must be one of CLIP's vision transformers, found ${name}`,
    );
  }
  const size = imageSize ?? trained.size;
  const tensors = sizedTensors(trained.tensors, (size / config.patch) ** 2);
  return { config, tensors, size, normalize, step };
}

/**
 * Writes a tower as {@linkcode exportImageEncoder} does that of a run.
 *
 * @param folder where the two folders are made
 * @throws {RangeError} if the embedding does not fit, or there are too few images
 * @throws {UnreadableImageError} if an image cannot be read and nothing takes warnings
 * @throws {GenviewAlreadyExists} if a file is there already, before anything is computed
 */
export async function exportTower(
  tower: TrainedTower,
  folder: string,
  options: ExportTowerOptions,
): Promise<ExportedImageEncoder> {
  await checkFreeClipFolder(folder);
  const view = clipEvaluationView(tower.size, tower.normalize);
  const features = await classTokens(tower, view, options);
  const projection = embeddingProjection(features, options);
  const parameters = await writeClipFolder(folder, { ...tower, projection });
  return { folder: join(folder, "image_encoder"), parameters, step: tower.step };
}

/**
 * Writes the backbone of a run as an image encoder: `image_encoder/` as transformers' `CLIPVisionModelWithProjection`
 * reads it, in float32, and `feature_extractor/` with what prepares its images, as both lie in a folder of diffusers'
 * `StableUnCLIPImg2ImgPipeline`. The projection of the class token is found by {@linkcode embeddingProjection}.
 *
 * @param run folder of the run, or of one of its checkpoints, whose backbone is a vision transformer of CLIP's shape
 * @param folder where the two folders are made
 * @throws {TypeError} if the backbone is another, or the run has no such encoder
 * @throws {RangeError} if patches do not tile the images, the embedding does not fit, or there are too few images
 * @throws {UnreadableImageError} if an image cannot be read and nothing takes warnings
 * @throws {GenviewAlreadyExists} if a file is there already, before anything is computed
 */
export async function exportImageEncoder(
  run: string,
  folder: string,
  options: ExportImageEncoderOptions,
): Promise<ExportedImageEncoder> {
  return await exportTower(await openTrainedTower(run, options), folder, options);
}
