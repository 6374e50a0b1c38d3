/**
 * What determines the training of a generator.
 *
 * @module
 */
import type { Precision } from "../../engine/precision/precision.ts";
import { validate } from "../../schema/validate.ts";
import type { ReconstructionLoss } from "./autoencoder_loss.ts";
import type { LossWeighting, PredictionType } from "./denoising_loss.ts";
import { generatorSchema } from "./generator_schema.ts";

/** How a network follows its gradients, by AdamW. */
export interface NetworkOptimization {
  /** Images of a step. */
  readonly batchSize: number;
  /** Steps in all. */
  readonly steps: number;
  /** Learning rate, after the warm-up and before it falls along half a cosine. */
  readonly learningRate: number;
  /** Steps in which the learning rate rises, at most all. */
  readonly warmupSteps: number;
  /** Weight decay. */
  readonly weightDecay: number;
  /** Largest norm of the gradient of all parameters; 0 clips none. */
  readonly clipGradientNorm: number;
  /** Share of the moving averages that a step leaves, in [0, 1]. */
  readonly averageDecay: number;
}

/** The autoencoder of a generator, and how it is trained. */
export interface AutoencoderTraining extends NetworkOptimization {
  /** Channels of each level, from the widest map to the smallest. */
  readonly channels: readonly number[];
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** Residual blocks of a level of the encoder; the decoder's have one more. */
  readonly layersPerLevel: number;
  /** Groups of channels that are normalised together. */
  readonly groups: number;
  /** How far images are apart. */
  readonly reconstructionLoss: ReconstructionLoss;
  /** Weight of the divergence of the latents from a normal distribution. */
  readonly klWeight: number;
}

/** The text encoder of a generator, which is not trained. */
export interface TextEncoderSizes {
  /** Features of a token. */
  readonly width: number;
  /** Tokens of a text. */
  readonly tokens: number;
  /** Number of blocks. */
  readonly layers: number;
  /** Heads of the attention. */
  readonly heads: number;
}

/** The UNet of a generator, and how it is trained. */
export interface UnetTraining extends NetworkOptimization {
  /** Channels of each level, from the widest map to the smallest. */
  readonly channels: readonly number[];
  /** Residual blocks of a level on the way down; there is one more on the way up. */
  readonly layersPerLevel: number;
  /** Features of a head of the attention. */
  readonly headWidth: number;
  /** Levels with attention, counted from 0; the middle has it always. */
  readonly attentionLevels: readonly number[];
  /** Groups of channels that are normalised together. */
  readonly groups: number;
  /** Whether timestep and class scale the normalised maps of residual blocks as well as shifting them. */
  readonly adaptiveGroupNorm: boolean;
  /** Features of the embedding of timestep and class (default four times the channels of the first level). */
  readonly timeEmbeddingWidth?: number;
  /** What it predicts. */
  readonly predictionType: PredictionType;
  /** How the losses of timesteps are weighed. */
  readonly lossWeighting: LossWeighting;
  /** Largest weight of min-SNR weighting. */
  readonly minSnrGamma: number;
  /** How far timesteps are shifted towards noise, as `drawTimestep` says (default 1, where all are as frequent). */
  readonly timestepShift?: number;
  /** Whether targets are means over the draws of an image, as `stabilizeTargets` says (default false). */
  readonly stableTargets?: boolean;
  /** Probability that a sample loses its condition, for classifier-free guidance. */
  readonly conditionDropout: number;
  /** Largest level of the noise on embeddings. */
  readonly maximumNoiseLevel: number;
}

/** The embedding that an image encoder is given which is exported from a run of pretraining. */
export interface ExportedEmbedding {
  /** Coordinates of the embedding: a power of two, at most the features' number. */
  readonly embedding: number;
  /** Power of its standard deviation by which each component of the features is scaled. */
  readonly emphasis: number;
  /** Times that each image is encoded to find the components; more than 1 is for images that are rendered anew. */
  readonly draws: number;
}

/** What determines the training of a generator. */
export interface GeneratorConfiguration {
  /** Images to train on: a name of data, as `openData` takes it. */
  readonly data: string;
  /**
   * Folder that holds `image_encoder` and `feature_extractor`, or `embedded`; with a `projection`, folder of the checkpoint
   * of pretraining that the image encoder is exported from.
   */
  readonly imageEncoder: string;
  /** How the image encoder's features are projected where it is exported; of one that is taken as it is there is none. */
  readonly projection?: ExportedEmbedding;
  /** Height and width of the images in pixels. */
  readonly imageSize: number;
  /** Seed of all randomness. */
  readonly seed: number;
  /** Times that each image is encoded for the UNet; more than 1 is for images that are rendered anew. */
  readonly draws: number;
  /** What the forward and the backward pass compute in. */
  readonly precision: Precision;
  /** Parts of a generator that stay as they are when it is fine-tuned: `autoencoder`, `unet.down_blocks` and so on. */
  readonly frozen: readonly string[];
  /** The autoencoder. */
  readonly autoencoder: AutoencoderTraining;
  /** The text encoder. */
  readonly textEncoder: TextEncoderSizes;
  /** The UNet. */
  readonly unet: UnetTraining;
}

/** How a network is optimised, with a warm-up that is short where none is given. */
function withShortWarmup<Network extends NetworkOptimization>(
  network: Network,
  given: Partial<NetworkOptimization> | undefined,
): Network {
  if (given?.warmupSteps !== undefined) return network;
  return { ...network, warmupSteps: Math.min(network.warmupSteps, Math.floor(network.steps / 10)) };
}

/**
 * A configuration with the defaults of all that it leaves out; the learning rate then rises in a tenth of the steps at most.
 *
 * @param given an object as JSON has it
 * @param name what it is called in errors, such as its file
 * @throws {TypeError} if it does not meet the schema, with all findings
 */
export function generatorConfiguration(given: unknown, name: string): GeneratorConfiguration {
  const configuration = validate<GeneratorConfiguration>(
    generatorSchema,
    given,
    `use ${name}`,
    "the configuration",
  );
  const { autoencoder, unet } = given as Partial<GeneratorConfiguration>;
  return {
    ...configuration,
    autoencoder: withShortWarmup(configuration.autoencoder, autoencoder),
    unet: withShortWarmup(configuration.unet, unet),
  };
}
