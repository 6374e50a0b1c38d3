/**
 * The configurations of a generator's parts as diffusers and transformers write them, with all their entries.
 *
 * @module
 */
import type { AutoencoderConfig } from "../networks/autoencoder.ts";
import type { TextEncoderConfig } from "../networks/text_encoder.ts";
import type { UnetConfig } from "../networks/unet.ts";
import type { NoiseScheduleConfig } from "../noise_schedule.ts";
import type { SchedulerConfig } from "../schedulers/mod.ts";

/** A configuration file's entries. */
export type Entries = Readonly<Record<string, unknown>>;

/** Versions of the libraries whose layout this is. */
const DIFFUSERS = "0.42.1";
const TRANSFORMERS = "5.23.0";

/** A scheduler's diffusion, and what its network predicts. */
export type DenoisingSchedule = NoiseScheduleConfig & Pick<SchedulerConfig, "predictionType">;

function diffusersClass(name: string): Entries {
  return { _class_name: name, _diffusers_version: DIFFUSERS };
}

/** `model_index.json` of the pipeline: the class of each part, which lies in the folder of its name. */
export function modelIndex(): Entries {
  return {
    ...diffusersClass("StableUnCLIPImg2ImgPipeline"),
    feature_extractor: ["transformers", "CLIPImageProcessor"],
    image_encoder: ["transformers", "CLIPVisionModelWithProjection"],
    image_noising_scheduler: ["diffusers", "DDPMScheduler"],
    image_normalizer: ["stable_diffusion", "StableUnCLIPImageNormalizer"],
    scheduler: ["diffusers", "DPMSolverMultistepScheduler"],
    text_encoder: ["transformers", "CLIPTextModel"],
    tokenizer: ["transformers", "CLIPTokenizer"],
    unet: ["diffusers", "UNet2DConditionModel"],
    vae: ["diffusers", "AutoencoderKL"],
  };
}

/** The UNet's `config.json`. */
export function publishedUnet(config: UnetConfig): Entries {
  const { levels } = config;
  return {
    ...diffusersClass("UNet2DConditionModel"),
    act_fn: "silu",
    addition_embed_type: null,
    addition_embed_type_num_heads: 64,
    addition_time_embed_dim: null,
    // diffusers' entry of this name has always held the number of heads, not their width.
    attention_head_dim: levels.map(({ heads }) => heads),
    attention_type: "default",
    block_out_channels: levels.map(({ channels }) => channels),
    center_input_sample: false,
    class_embed_type: "projection",
    class_embeddings_concat: false,
    conv_in_kernel: 3,
    conv_out_kernel: 3,
    cross_attention_dim: config.textWidth,
    cross_attention_norm: null,
    down_block_types: levels.map(({ attendsDown }) =>
      attendsDown ? "CrossAttnDownBlock2D" : "DownBlock2D"
    ),
    downsample_padding: 1,
    dropout: 0,
    dual_cross_attention: false,
    encoder_hid_dim: null,
    encoder_hid_dim_type: null,
    flip_sin_to_cos: true,
    freq_shift: 0,
    in_channels: config.latentChannels,
    layers_per_block: config.layersPerLevel,
    mid_block_only_cross_attention: null,
    mid_block_scale_factor: 1,
    mid_block_type: "UNetMidBlock2DCrossAttn",
    norm_eps: config.epsilon,
    norm_num_groups: config.groups,
    num_attention_heads: null,
    num_class_embeds: null,
    only_cross_attention: false,
    out_channels: config.latentChannels,
    projection_class_embeddings_input_dim: config.classWidth,
    resnet_out_scale_factor: 1,
    resnet_skip_time_act: false,
    resnet_time_scale_shift: config.adaptiveGroupNorm ? "scale_shift" : "default",
    reverse_transformer_layers_per_block: null,
    sample_size: config.sampleSize,
    time_cond_proj_dim: null,
    time_embedding_act_fn: null,
    time_embedding_dim: config.timeEmbeddingWidth ?? null,
    time_embedding_type: "positional",
    timestep_post_act: null,
    transformer_layers_per_block: 1,
    up_block_types: levels.toReversed().map(({ attendsUp }) =>
      attendsUp ? "CrossAttnUpBlock2D" : "UpBlock2D"
    ),
    upcast_attention: false,
    use_linear_projection: true,
  };
}

/**
 * The autoencoder's `config.json`.
 *
 * @param size height and width of the images in pixels
 */
export function publishedAutoencoder(config: AutoencoderConfig, size: number): Entries {
  return {
    ...diffusersClass("AutoencoderKL"),
    act_fn: "silu",
    block_out_channels: config.channels,
    down_block_types: config.channels.map(() => "DownEncoderBlock2D"),
    force_upcast: true,
    in_channels: config.imageChannels,
    latent_channels: config.latentChannels,
    latents_mean: null,
    latents_std: null,
    layers_per_block: config.layersPerLevel,
    mid_block_add_attention: true,
    norm_num_groups: config.groups,
    out_channels: config.imageChannels,
    sample_size: size,
    scaling_factor: config.scale,
    shift_factor: null,
    up_block_types: config.channels.map(() => "UpDecoderBlock2D"),
    use_post_quant_conv: true,
    use_quant_conv: true,
  };
}

/**
 * The text encoder's `config.json`. Entries of training are left out: transformers refuses a `1` where it wants a `1.0`,
 * which JSON's writers do not tell apart. The type is the one that it computes in where no other is asked for, which
 * is float32 as in all parts of diffusers, whatever the weights are stored in.
 *
 * @param ids of the tokens before and after every text
 */
export function publishedTextEncoder(
  config: TextEncoderConfig,
  ids: { readonly start: number; readonly end: number },
): Entries {
  return {
    architectures: ["CLIPTextModel"],
    bos_token_id: ids.start,
    dtype: "float32",
    eos_token_id: ids.end,
    hidden_act: config.activation,
    hidden_size: config.width,
    intermediate_size: config.hidden,
    layer_norm_eps: config.epsilon,
    max_position_embeddings: config.tokens,
    model_type: "clip_text_model",
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    pad_token_id: ids.end,
    projection_dim: config.width,
    transformers_version: TRANSFORMERS,
    vocab_size: config.vocabulary,
  };
}

/** The `config.json` of the embeddings' statistics. */
export function publishedNormalizer(width: number): Entries {
  return { ...diffusersClass("StableUnCLIPImageNormalizer"), embedding_dim: width };
}

function diffusion(config: NoiseScheduleConfig): Entries {
  return {
    beta_end: config.betaEnd,
    beta_schedule: config.betaSchedule,
    beta_start: config.betaStart,
    dynamic_thresholding_ratio: 0.995,
    num_train_timesteps: config.trainTimesteps,
    rescale_betas_zero_snr: false,
    sample_max_value: 1,
    steps_offset: 0,
    thresholding: false,
    trained_betas: null,
  };
}

/** `scheduler_config.json` of the embeddings' noise. */
export function publishedEmbeddingNoise(config: NoiseScheduleConfig): Entries {
  return {
    ...diffusersClass("DDPMScheduler"),
    ...diffusion(config),
    clip_sample: true,
    clip_sample_range: 1,
    prediction_type: "epsilon",
    timestep_spacing: "leading",
    variance_type: "fixed_small",
  };
}

/**
 * `scheduler_config.json` of the sampler, DPM-Solver++ of second order. Its bound of the logarithm of the signal-to-noise
 * ratio is left out: it is infinite, which JSON cannot say.
 */
export function publishedScheduler(config: DenoisingSchedule): Entries {
  return {
    ...diffusersClass("DPMSolverMultistepScheduler"),
    ...diffusion(config),
    algorithm_type: "dpmsolver++",
    euler_at_final: false,
    final_sigmas_type: "zero",
    flow_shift: 1,
    lower_order_final: true,
    prediction_type: config.predictionType,
    solver_order: 2,
    solver_type: "midpoint",
    time_shift_type: "exponential",
    timestep_spacing: "linspace",
    use_beta_sigmas: false,
    use_dynamic_shifting: false,
    use_exponential_sigmas: false,
    use_flow_sigmas: false,
    use_karras_sigmas: false,
    use_lu_lambdas: false,
    variance_type: null,
  };
}
