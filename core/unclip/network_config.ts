/**
 * Networks' configurations, as published in `config.json`.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import type { ClipVisionTowerConfig } from "../backbones/clip_vision_transformer.ts";
import type { ConfigFile } from "../weights/config_file.ts";
import type { AutoencoderConfig } from "./networks/autoencoder.ts";
import type { TextEncoderConfig } from "./networks/text_encoder.ts";
import type { UnetConfig } from "./networks/unet.ts";

/** Entries that a UNet's file must have, with these values. */
const UNET_REQUIRED = {
  use_linear_projection: true,
  class_embed_type: "projection",
};

/** Entries that a UNet's file may leave out, and otherwise must have with these values. */
const UNET_DEFAULTS = {
  act_fn: "silu",
  addition_embed_type: null,
  attention_type: "default",
  center_input_sample: false,
  class_embeddings_concat: false,
  conv_in_kernel: 3,
  conv_out_kernel: 3,
  cross_attention_norm: null,
  downsample_padding: 1,
  dropout: 0,
  dual_cross_attention: false,
  encoder_hid_dim: null,
  encoder_hid_dim_type: null,
  flip_sin_to_cos: true,
  freq_shift: 0,
  mid_block_only_cross_attention: false,
  mid_block_scale_factor: 1,
  mid_block_type: "UNetMidBlock2DCrossAttn",
  num_class_embeds: null,
  only_cross_attention: false,
  resnet_out_scale_factor: 1,
  resnet_skip_time_act: false,
  reverse_transformer_layers_per_block: null,
  time_cond_proj_dim: null,
  time_embedding_act_fn: null,
  time_embedding_type: "positional",
  timestep_post_act: null,
  transformer_layers_per_block: 1,
};

function requireDefaults(file: ConfigFile, defaults: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(defaults)) file.requireDefault(key, value);
}

/** A number for each level, of a list or of one number for all. */
function perLevel(file: ConfigFile, key: string, levels: number): readonly number[] {
  if (typeof file.get(key) === "number") {
    return new Array<number>(levels).fill(file.integer(key));
  }
  const list = file.integers(key);
  if (list.length === levels) return list;
  throw new GenviewTypeError(
    `Cannot use ${file.path}: "${key}" must have a number for each of ${levels} levels, found ` +
      `${list.length}`,
  );
}

/** Which blocks have attention, by their types' names. */
function attends(
  file: ConfigFile,
  key: string,
  [attending, plain]: readonly [string, string],
  levels: number,
): readonly boolean[] {
  const types = file.listOf(key, [attending, plain]);
  if (types.length === levels) return types.map((type) => type === attending);
  throw new GenviewTypeError(
    `Cannot use ${file.path}: "${key}" must name a block for each of ${levels} levels, found ` +
      `${types.length}`,
  );
}

/**
 * Reads a UNet's configuration, diffusers' `UNet2DConditionModel`.
 *
 * @throws {TypeError} if the file asks for what is not supported
 */
export function parseUnet(file: ConfigFile): UnetConfig {
  for (const [key, value] of Object.entries(UNET_REQUIRED)) file.require(key, value);
  requireDefaults(file, UNET_DEFAULTS);
  const channels = file.integers("block_out_channels");
  const count = channels.length;
  // diffusers' attention_head_dim has always held the number of heads, not their width.
  const headsKey = (file.get("num_attention_heads") ?? null) === null
    ? "attention_head_dim"
    : "num_attention_heads";
  const heads = perLevel(file, headsKey, count);
  const down = ["CrossAttnDownBlock2D", "DownBlock2D"] as const;
  const up = ["CrossAttnUpBlock2D", "UpBlock2D"] as const;
  const attendsDown = attends(file, "down_block_types", down, count);
  const attendsUp = attends(file, "up_block_types", up, count).toReversed();
  const latentChannels = file.integer("in_channels", 4);
  file.requireDefault("out_channels", latentChannels);
  // diffusers takes 0 as it takes null: the default.
  const timeEmbeddingWidth = (file.get("time_embedding_dim") ?? null) === null
    ? 0
    : file.integer("time_embedding_dim");
  return {
    latentChannels,
    sampleSize: file.integer("sample_size"),
    levels: channels.map((width, i) => ({
      channels: width,
      heads: heads[i]!,
      attendsDown: attendsDown[i]!,
      attendsUp: attendsUp[i]!,
    })),
    layersPerLevel: file.integer("layers_per_block", 2),
    groups: file.integer("norm_num_groups", 32),
    epsilon: file.number("norm_eps", 1e-5),
    textWidth: file.integer("cross_attention_dim"),
    classWidth: file.integer("projection_class_embeddings_input_dim"),
    adaptiveGroupNorm:
      file.oneOf("resnet_time_scale_shift", ["default", "scale_shift"], "default") ===
        "scale_shift",
    ...(timeEmbeddingWidth > 0 && { timeEmbeddingWidth }),
  };
}

/**
 * Reads an autoencoder's configuration, diffusers' `AutoencoderKL`.
 *
 * @throws {TypeError} if the file asks for what is not supported
 */
export function parseAutoencoder(file: ConfigFile): AutoencoderConfig {
  requireDefaults(file, {
    act_fn: "silu",
    latents_mean: null,
    latents_std: null,
    mid_block_add_attention: true,
    shift_factor: null,
    use_post_quant_conv: true,
    use_quant_conv: true,
  });
  file.listOf("down_block_types", ["DownEncoderBlock2D"]);
  file.listOf("up_block_types", ["UpDecoderBlock2D"]);
  const imageChannels = file.integer("out_channels", 3);
  file.requireDefault("in_channels", imageChannels);
  return {
    imageChannels,
    latentChannels: file.integer("latent_channels", 4),
    channels: file.integers("block_out_channels"),
    layersPerLevel: file.integer("layers_per_block", 1),
    groups: file.integer("norm_num_groups", 32),
    scale: file.number("scaling_factor", 0.18215),
  };
}

/** The activation that transformers names. */
function activationOf(file: ConfigFile): "gelu" | "quick_gelu" {
  return file.oneOf("hidden_act", ["gelu", "quick_gelu"], "quick_gelu");
}

/**
 * Reads a text encoder's configuration, transformers' `CLIPTextModel`.
 *
 * @throws {TypeError} if the file asks for what is not supported
 */
export function parseTextEncoder(file: ConfigFile): TextEncoderConfig {
  return {
    vocabulary: file.integer("vocab_size", 49408),
    width: file.integer("hidden_size", 512),
    tokens: file.integer("max_position_embeddings", 77),
    layers: file.integer("num_hidden_layers", 12),
    heads: file.integer("num_attention_heads", 8),
    hidden: file.integer("intermediate_size", 2048),
    activation: activationOf(file),
    epsilon: file.number("layer_norm_eps", 1e-5),
  };
}

/** An image tower's configuration, and the size of the images that it takes. */
export interface ImageEncoderConfig extends ClipVisionTowerConfig {
  /** Height and width of the images, in pixels. */
  readonly imageSize: number;
}

/**
 * Reads an image encoder's configuration, transformers' `CLIPVisionModelWithProjection`.
 *
 * @throws {TypeError} if the file asks for what is not supported
 */
export function parseImageEncoder(file: ConfigFile): ImageEncoderConfig {
  requireDefaults(file, { layer_norm_eps: 1e-5, num_channels: 3 });
  return {
    imageSize: file.integer("image_size", 224),
    patch: file.integer("patch_size", 32),
    width: file.integer("hidden_size", 768),
    layers: file.integer("num_hidden_layers", 12),
    heads: file.integer("num_attention_heads", 12),
    hidden: file.integer("intermediate_size", 3072),
    embedding: file.integer("projection_dim", 512),
    activation: activationOf(file),
  };
}
