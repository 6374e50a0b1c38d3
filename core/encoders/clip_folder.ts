/**
 * Vision transformers of CLIP's shape as folders of transformers'.
 *
 * @module
 */
import { join } from "node:path";
import { clipLayout } from "../backbones/clip_layouts.ts";
import {
  clipVisionTransformer,
  type ClipVisionTransformerConfig,
} from "../backbones/clip_vision_transformer.ts";
import type { Normalization } from "../data/views/recipe.ts";
import { elementCount } from "../engine/graph/shape.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { Scope } from "../engine/nn/scope.ts";
import { checkFree } from "../files/check_free.ts";
import { makeFolder, writeNewFile } from "../files/new_file.ts";
import { writeSafetensors } from "../weights/safetensors.ts";
import { EPSILON } from "./clip_configuration.ts";

/** A vision transformer of CLIP's shape with its weights. */
export interface ClipVisionWeights {
  /** What it is made of. */
  readonly config: ClipVisionTransformerConfig;
  /** Its parameters by the names of open_clip's `VisionTransformer`, without a projection, in float32. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The projection of the class token, float32 `[embedding, width]`. */
  readonly projection: Tensor<"float32">;
  /** Height and width of the images that its positions are for, in pixels. */
  readonly size: number;
  /** Statistics that the images are normalised with. */
  readonly normalize: Normalization;
}

/** The parameters of a tower in transformers' names. */
function transformersTensors(
  { config, tensors, projection, size }: ClipVisionWeights,
): Map<string, Tensor> {
  const scope = new Scope();
  const embedding = projection.shape[0]!;
  clipVisionTransformer(scope, input("images", "float32", [1, 3, size, size]), {
    ...config,
    embedding,
  });
  const [own, theirs] = [clipLayout("open_clip"), clipLayout("transformers")];
  return new Map([...scope.declarations].map(([parameter, { value: { shape } }]) => {
    const { name } = theirs.locate(parameter);
    if (parameter === "visual.proj") return [name, projection];
    const { name: whole, rows } = own.locate(parameter);
    const found = tensors.get(whole.slice("visual.".length))!;
    const from = rows === undefined ? 0 : rows[0] * elementCount(shape.slice(1));
    const data = (found.data as Float32Array<ArrayBuffer>).slice(from, from + elementCount(shape));
    return [name, tensor("float32", shape, data)];
  }));
}

/** Transformers' `CLIPVisionConfig`. */
function visionConfig(
  { patch, width, layers, heads, hidden = 4 * width, activation = "gelu" }:
    ClipVisionTransformerConfig,
  size: number,
  embedding: number,
): Record<string, unknown> {
  return {
    architectures: ["CLIPVisionModelWithProjection"],
    attention_dropout: 0,
    hidden_act: activation,
    hidden_size: width,
    image_size: size,
    intermediate_size: hidden,
    layer_norm_eps: EPSILON,
    model_type: "clip_vision_model",
    num_attention_heads: heads,
    num_channels: 3,
    num_hidden_layers: layers,
    patch_size: patch,
    projection_dim: embedding,
    torch_dtype: "float32",
  };
}

/** Transformers' `CLIPImageProcessor`: the shorter side is resized to the size, and the centre cut out. */
function processorConfig(size: number, { mean, std }: Normalization): Record<string, unknown> {
  return {
    crop_size: { height: size, width: size },
    do_center_crop: true,
    do_convert_rgb: true,
    do_normalize: true,
    do_rescale: true,
    do_resize: true,
    image_mean: mean,
    image_processor_type: "CLIPImageProcessor",
    image_std: std,
    resample: 3,
    rescale_factor: 1 / 255,
    size: { shortest_edge: size },
  };
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** The files that {@linkcode writeClipFolder} writes. */
function filesOf(folder: string) {
  return {
    weights: join(folder, "image_encoder", "model.safetensors"),
    config: join(folder, "image_encoder", "config.json"),
    processor: join(folder, "feature_extractor", "preprocessor_config.json"),
  };
}

/**
 * Refuses a folder that has files of an image encoder already.
 *
 * @throws {GenviewAlreadyExists} if there is one
 */
export async function checkFreeClipFolder(folder: string): Promise<void> {
  for (const file of Object.values(filesOf(folder))) await checkFree(file, "choose another folder");
}

/**
 * Writes `image_encoder/` as transformers' `CLIPVisionModelWithProjection` reads it and `feature_extractor/` with what
 * prepares its images, as both lie in a folder of diffusers' Stable unCLIP. The weights come last.
 *
 * @param folder where the two folders are made
 * @returns the number of parameters, the projection's among them
 * @throws {GenviewAlreadyExists} if a file is there already
 */
export async function writeClipFolder(
  folder: string,
  network: ClipVisionWeights,
): Promise<number> {
  const { config, projection, size, normalize } = network;
  await checkFreeClipFolder(folder);
  const files = filesOf(folder);
  const state = transformersTensors(network);
  await makeFolder(join(folder, "image_encoder"));
  await makeFolder(join(folder, "feature_extractor"));
  await writeNewFile(files.processor, json(processorConfig(size, normalize)));
  await writeNewFile(files.config, json(visionConfig(config, size, projection.shape[0]!)));
  await writeSafetensors(files.weights, state, { metadata: { format: "pt" } });
  return [...state.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
