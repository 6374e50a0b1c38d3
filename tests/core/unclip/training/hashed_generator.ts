/**
 * A small generator of hashed weights, which reference/generator_folder.ts writes for the reference, too.
 *
 * @module
 */
import { join } from "node:path";
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import type { Tensor } from "../../../../core/engine/graph/tensor.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import type { AutoencoderConfig } from "../../../../core/unclip/networks/autoencoder.ts";
import type { TextEncoderConfig } from "../../../../core/unclip/networks/text_encoder.ts";
import type { UnetConfig } from "../../../../core/unclip/networks/unet.ts";
import { BYTE_VOCABULARY } from "../../../../core/unclip/training/byte_tokenizer.ts";
import type { GeneratorParts } from "../../../../core/unclip/training/generator_folder.ts";
import {
  declareAutoencoder,
  declareTextEncoder,
  declareUnet,
} from "../../../../core/unclip/training/generator_networks.ts";
import { writeSafetensors } from "../../../../core/weights/safetensors.ts";
import { hashedParameter, hashedTensor } from "../../engine/nn/hashed_values.ts";

const EMBEDDING = 16;
const IMAGE_SIZE = 32;
const PATCH = 8;
const WIDTH = 24;
const HIDDEN = 48;
const LAYERS = 2;

/** Sizes of the autoencoder, whose groups are as odd as its channels. */
export const AUTOENCODER: AutoencoderConfig = {
  imageChannels: 3,
  latentChannels: 4,
  channels: [6, 12],
  layersPerLevel: 1,
  groups: 3,
  scale: 0.75,
};

/** Sizes of the UNet. */
export const UNET: UnetConfig = {
  latentChannels: 4,
  sampleSize: 12,
  levels: [
    { channels: 8, heads: 1, attendsDown: false, attendsUp: false },
    { channels: 16, heads: 2, attendsDown: true, attendsUp: true },
  ],
  layersPerLevel: 1,
  groups: 4,
  epsilon: 1e-5,
  textWidth: 32,
  classWidth: 2 * EMBEDDING,
  adaptiveGroupNorm: false,
};

/** The same UNet with what the embedded generator's has: adaptive group normalisation, and a width of the timestep's own. */
export const ADAPTIVE_UNET: UnetConfig = {
  ...UNET,
  adaptiveGroupNorm: true,
  timeEmbeddingWidth: 40,
};

/** Sizes of the text encoder. */
export const TEXT_ENCODER: TextEncoderConfig = {
  vocabulary: Object.keys(BYTE_VOCABULARY.vocab).length,
  width: UNET.textWidth,
  tokens: 16,
  layers: 2,
  heads: 2,
  hidden: 2 * UNET.textWidth,
  activation: "gelu",
  epsilon: 1e-5,
};

/** Hashed values of all that a network declares. */
export function hashedNetwork<Config>(
  config: Config,
  declare: (scope: Scope, config: Config) => void,
): Map<string, Tensor> {
  const scope = new Scope();
  declare(scope, config);
  return new Map(
    [...scope.declarations].map(([name, { value }]) => [name, hashedParameter(name, value.shape)]),
  );
}

/** Shapes of the image encoder's parameters, by transformers' names. */
function imageEncoderShapes(): Record<string, Shape> {
  const affine = (name: string, shape: Shape) => ({
    [`${name}.weight`]: shape,
    [`${name}.bias`]: [shape[0]!],
  });
  const shapes: Record<string, Shape> = {
    "embeddings.class_embedding": [WIDTH],
    "embeddings.patch_embedding.weight": [WIDTH, 3, PATCH, PATCH],
    "embeddings.position_embedding.weight": [(IMAGE_SIZE / PATCH) ** 2 + 1, WIDTH],
    ...affine("pre_layrnorm", [WIDTH]),
    ...affine("post_layernorm", [WIDTH]),
  };
  for (let i = 0; i < LAYERS; i++) {
    const layer = `encoder.layers.${i}`;
    Object.assign(
      shapes,
      affine(`${layer}.layer_norm1`, [WIDTH]),
      affine(`${layer}.layer_norm2`, [WIDTH]),
      ...["q_proj", "k_proj", "v_proj", "out_proj"].map((name) =>
        affine(`${layer}.self_attn.${name}`, [WIDTH, WIDTH])
      ),
      affine(`${layer}.mlp.fc1`, [HIDDEN, WIDTH]),
      affine(`${layer}.mlp.fc2`, [WIDTH, HIDDEN]),
    );
  }
  const prefixed = Object.entries(shapes).map(([name, shape]) =>
    [`vision_model.${name}`, shape] as const
  );
  return { ...Object.fromEntries(prefixed), "visual_projection.weight": [EMBEDDING, WIDTH] };
}

const IMAGE_ENCODER = {
  architectures: ["CLIPVisionModelWithProjection"],
  dtype: "float32",
  hidden_act: "gelu",
  hidden_size: WIDTH,
  image_size: IMAGE_SIZE,
  intermediate_size: HIDDEN,
  layer_norm_eps: 1e-5,
  model_type: "clip_vision_model",
  num_attention_heads: 2,
  num_channels: 3,
  num_hidden_layers: LAYERS,
  patch_size: PATCH,
  projection_dim: EMBEDDING,
};

const PREPROCESSOR = {
  crop_size: { height: IMAGE_SIZE, width: IMAGE_SIZE },
  do_center_crop: true,
  do_convert_rgb: true,
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.5, 0.45, 0.4],
  image_processor_type: "CLIPImageProcessor",
  image_std: [0.25, 0.26, 0.27],
  resample: 3,
  rescale_factor: 1 / 255,
  size: { shortest_edge: IMAGE_SIZE },
};

/**
 * The parts of a small generator.
 *
 * @param folder takes the image encoder and its preprocessing
 * @param unet sizes of the UNet
 */
export async function hashedParts(
  folder: string,
  unet: UnetConfig = UNET,
): Promise<GeneratorParts> {
  const imageEncoder = join(folder, "image_encoder");
  const featureExtractor = join(folder, "feature_extractor");
  await Deno.mkdir(imageEncoder, { recursive: true });
  await Deno.mkdir(featureExtractor);
  await Deno.writeTextFile(join(imageEncoder, "config.json"), JSON.stringify(IMAGE_ENCODER));
  await Deno.writeTextFile(
    join(featureExtractor, "preprocessor_config.json"),
    JSON.stringify(PREPROCESSOR),
  );
  const weights = Object.entries(imageEncoderShapes()).map(([name, shape]) =>
    [name, hashedParameter(name, shape)] as const
  );
  await writeSafetensors(join(imageEncoder, "model.safetensors"), weights, {
    metadata: { format: "pt" },
  });
  return {
    imageEncoder,
    featureExtractor,
    autoencoder: { config: AUTOENCODER, tensors: hashedNetwork(AUTOENCODER, declareAutoencoder) },
    unet: { config: unet, tensors: hashedNetwork(unet, declareUnet) },
    statistics: {
      mean: hashedTensor("mean", [EMBEDDING], 0.5).data,
      std: hashedTensor("std", [EMBEDDING], 0.5, 1).data,
    },
    textEncoder: {
      config: TEXT_ENCODER,
      tensors: hashedNetwork(TEXT_ENCODER, declareTextEncoder),
    },
    tokenizer: { tokens: TEXT_ENCODER.tokens },
    embeddingNoise: {
      trainTimesteps: 1000,
      betaSchedule: "squaredcos_cap_v2",
      betaStart: 0.0001,
      betaEnd: 0.02,
    },
    scheduler: {
      trainTimesteps: 1000,
      betaSchedule: "scaled_linear",
      betaStart: 0.00085,
      betaEnd: 0.012,
      predictionType: "v_prediction",
    },
    precision: "float32",
  };
}
