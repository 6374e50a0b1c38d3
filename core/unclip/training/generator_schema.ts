/**
 * The options of a generator's training: what they are called, what they may be, and their defaults.
 *
 * @module
 */
import type { ObjectSchema } from "../../schema/schema.ts";
import type { NetworkOptimization } from "./generator_configuration.ts";

const positive = (description: string, value: number) =>
  ({ type: "integer", minimum: 1, default: value, description }) as const;

const rate = (description: string, value: number) =>
  ({ type: "number", minimum: 0, default: value, description }) as const;

const channels = (description: string, value: readonly number[]) =>
  ({
    type: "array",
    items: { type: "integer", minimum: 1 },
    minItems: 1,
    default: value,
    description,
  }) as const;

/**
 * The learning rate of fine-tuning, where none is given. What a network has learnt should outlast what a few images tell it,
 * and rates of training from scratch are hundreds of times as large.
 *
 * Source: diffusers, `examples/text_to_image`: all commands of its README that train a whole UNet have 1e-5; 1e-4, which its
 * programs have by default, they give adapters of low rank alone.
 */
export const FINE_TUNING_RATE = 1e-5;

/** How a network follows its gradients, with defaults of its own. */
const optimization = (
  { batchSize, steps, learningRate }: Pick<
    NetworkOptimization,
    "batchSize" | "steps" | "learningRate"
  >,
) => ({
  batchSize: positive("images of a step", batchSize),
  steps: positive("steps in all", steps),
  learningRate: rate(
    "learning rate, after the warm-up and before it falls along half a cosine; left out in fine-tuning, " +
      FINE_TUNING_RATE,
    learningRate,
  ),
  warmupSteps: rate(
    "steps in which the learning rate rises; left out, at most a tenth of all",
    100,
  ),
  weightDecay: rate("weight decay of AdamW", 0),
  clipGradientNorm: rate("largest norm of all parameters' gradient; 0 clips none", 1),
  averageDecay: {
    type: "number",
    minimum: 0,
    maximum: 1,
    default: 0.999,
    description:
      "share of the parameters' moving averages that a step leaves, to which it grows (`decay` of diffusers' EMAModel)",
  },
} as const);

/** The options of a generator's training, in JSON Schema. */
export const generatorSchema: ObjectSchema = {
  type: "object",
  properties: {
    data: {
      type: "string",
      default: "emoji-google",
      description: "images to train on: a name of data as `deno task train` takes it",
    },
    imageEncoder: {
      type: "string",
      default: "embedded",
      description:
        "folder that holds image_encoder and feature_extractor, or embedded; or a run of pretraining, or one of its " +
        "checkpoints, that it is exported from; left out in fine-tuning, that of the generator",
    },
    // There is no default: runs whose image encoder is not exported have none.
    projection: {
      type: "object",
      properties: {
        embedding: positive(
          "coordinates of the embedding of an image encoder that is exported",
          64,
        ),
        emphasis: rate(
          "power of its standard deviation by which each component of the embedding is scaled",
          0,
        ),
        draws: positive(
          "times that each image is encoded to find the components; more than 1 is for images that are rendered anew",
          1,
        ),
      },
      additionalProperties: false,
    },
    imageSize: positive(
      "height and width of the images in pixels; left out in fine-tuning, those of the generator",
      64,
    ),
    seed: { type: "integer", minimum: 0, default: 0, description: "seed of all randomness" },
    draws: positive(
      "times that each image is encoded for the UNet; more than 1 is for images that are rendered anew",
      1,
    ),
    precision: {
      type: "string",
      enum: ["float32", "float16", "bfloat16"],
      default: "float32",
      description:
        "what the forward and the backward pass compute in: float32, float16 or bfloat16; weights are float32",
    },
    frozen: {
      type: "array",
      items: { type: "string", pattern: "^(autoencoder|unet\\..+)$" },
      default: [] as readonly string[],
      description:
        "parts that stay as they are in fine-tuning: autoencoder, or what names of the UNet's parameters begin with, such as " +
        "unet.down_blocks",
    },
    autoencoder: {
      type: "object",
      properties: {
        channels: channels(
          "channels of each level, the widest map first (diffusers' `block_out_channels`); each but the last halves the map",
          [8, 32, 64],
        ),
        latentChannels: positive("channels of the latents (`latent_channels`)", 4),
        layersPerLevel: positive(
          "residual blocks of a level of the encoder; the decoder's have one more (`layers_per_block`)",
          1,
        ),
        groups: positive(
          "groups of channels that are normalised together (`norm_num_groups`); they divide the channels of each level",
          2,
        ),
        reconstructionLoss: {
          type: "string",
          enum: ["l1", "l2"],
          default: "l1",
          description:
            "how far images are apart: l1, the mean absolute, or l2, the mean squared difference",
        },
        klWeight: rate(
          "weight of the Kullback-Leibler divergence from a normal distribution, summed over an image's latents, beside the " +
            "mean difference of its pixels (latent-diffusion's `kl_weight` stands beside the summed one)",
          1e-6,
        ),
        // Few images a step: what is learnt goes with the steps, and an image has many pixels.
        ...optimization({ batchSize: 8, steps: 8000, learningRate: 3e-3 }),
      },
      default: {},
      additionalProperties: false,
    },
    textEncoder: {
      type: "object",
      properties: {
        width: positive(
          "features of a token (transformers' `hidden_size`, and the UNet's `cross_attention_dim`)",
          32,
        ),
        tokens: positive("tokens of a text (`max_position_embeddings`)", 16),
        layers: positive("blocks (`num_hidden_layers`)", 1),
        heads: positive("heads of the attention (`num_attention_heads`)", 1),
      },
      default: {},
      additionalProperties: false,
    },
    unet: {
      type: "object",
      properties: {
        channels: channels(
          "channels of each level, the widest map first (diffusers' `block_out_channels`); each but the last halves the map",
          [64, 128, 128],
        ),
        layersPerLevel: positive(
          "residual blocks of a level on the way down; there is one more on the way up (`layers_per_block`)",
          1,
        ),
        headWidth: positive(
          "features of a head of the attention; a level has channels / headWidth heads, rounded down, or 1 (`attention_head_dim`)",
          32,
        ),
        attentionLevels: {
          type: "array",
          items: { type: "integer", minimum: 0 },
          default: [] as readonly number[],
          description:
            "levels with attention, counted from 0 (`CrossAttnDownBlock2D`); the middle has it always",
        },
        groups: positive(
          "groups of channels that are normalised together (`norm_num_groups`); they divide the channels of each level",
          8,
        ),
        adaptiveGroupNorm: {
          type: "boolean",
          default: true,
          description:
            "whether timestep and class scale the normalised maps of residual blocks as well as shifting them " +
            "(`resnet_time_scale_shift`: true is scale_shift, false default)",
        },
        // There is no default: runs from before this was an option have none.
        timeEmbeddingWidth: {
          type: "integer",
          minimum: 1,
          description:
            "features of the embedding of timestep and class (`time_embedding_dim`); left out, 4 times the first level's channels",
        },
        predictionType: {
          type: "string",
          enum: ["epsilon", "v_prediction"],
          default: "v_prediction",
          description:
            "what the network predicts: epsilon, the noise, or v_prediction, the velocity (`prediction_type`)",
        },
        lossWeighting: {
          type: "string",
          enum: ["uniform", "min-snr"],
          // Min-SNR weighs the loss of the velocity by almost nothing where there is almost only noise, and there the class
          // embedding is learnt.
          default: "uniform",
          description:
            "how the losses of timesteps are weighed: uniform, all alike, or min-snr (Hang et al. 2023)",
        },
        minSnrGamma: rate(
          "largest weight of min-SNR weighting (`snr_gamma` of diffusers' training programs)",
          5,
        ),
        // There is no default, as above.
        timestepShift: {
          type: "number",
          exclusiveMinimum: 0,
          description:
            "how far timesteps are shifted towards noise: 2 has two thirds of them in the noisier half; left out, or 1, " +
            "all are as frequent (Esser et al. 2024, equation 23)",
        },
        stableTargets: {
          type: "boolean",
          description:
            "whether a target is the mean over all draws of an image, each weighed by how likely it gave the noisy latents, " +
            "and not the one draw: less noise where there are several draws (Xu et al. 2023); left out, false",
        },
        conditionDropout: {
          type: "number",
          minimum: 0,
          maximum: 1,
          default: 0.1,
          description:
            "probability that a sample has zeros in place of its image embedding, for classifier-free guidance",
        },
        maximumNoiseLevel: {
          type: "integer",
          minimum: 0,
          maximum: 999,
          default: 999,
          description: "largest level of the noise on embeddings (diffusers' `noise_level`)",
        },
        ...optimization({ batchSize: 32, steps: 12000, learningRate: 1e-3 }),
      },
      default: {},
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};
