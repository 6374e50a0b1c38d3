/**
 * The graphs of Stable unCLIP, whole but for the number of images, as they are built for a device: the published networks, those
 * of a generator of one's own, and its training.
 *
 * @module
 */
import { clipVisionConfig } from "../core/backbones/clip_vision_backbones.ts";
import { CLIP_NORMALIZATION } from "../core/data/views/presets.ts";
import type { GraphTarget } from "../core/engine/graph/target.ts";
import { withTarget } from "../core/engine/graph/target.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { encodeModel } from "../core/engine/onnx/encode_model.ts";
import type { Precision } from "../core/engine/precision/mod.ts";
import {
  decodingGraph,
  denoisingGraph,
  type DenoisingShape,
  textGraph,
} from "../core/unclip/network_graphs.ts";
import type { NetworkGraph } from "../core/unclip/network_session.ts";
import { autoencoderLoss } from "../core/unclip/training/autoencoder_loss.ts";
import { latentGraph, reconstructionGraph } from "../core/unclip/training/autoencoder_session.ts";
import { buildStage, type StageGraph } from "../core/unclip/training/built_stage.ts";
import { denoisingLoss } from "../core/unclip/training/denoising_loss.ts";
import { generatorConfiguration } from "../core/unclip/training/generator_configuration.ts";
import { optimizationOf } from "../core/unclip/training/stage_schedule.ts";
import { byteTextEncoder } from "../core/unclip/training/text_states.ts";
import { autoencoderConfig } from "../core/unclip/training/train_autoencoder.ts";
import { LAYOUT_TRAINING, layoutStage } from "../core/unclip/training/train_layout.ts";
import { unetPlan } from "../core/unclip/training/train_unet.ts";
import type { ProductGraph } from "./product_graphs.ts";

const level = (channels: number, heads: number, attends = true) => ({
  channels,
  heads,
  attendsDown: attends,
  attendsUp: attends,
});

/** Configuration of stabilityai/stable-diffusion-2-1-unclip's UNet. */
const UNET = {
  latentChannels: 4,
  sampleSize: 96,
  levels: [level(320, 5), level(640, 10), level(1280, 20), level(1280, 20, false)],
  layersPerLevel: 2,
  groups: 32,
  epsilon: 1e-5,
  textWidth: 1024,
  classWidth: 2048,
  adaptiveGroupNorm: false,
};

/** Configuration of its text encoder. */
const TEXT = {
  vocabulary: 49408,
  width: 1024,
  tokens: 77,
  layers: 23,
  heads: 16,
  hidden: 4096,
  activation: "gelu",
  epsilon: 1e-5,
} as const;

/** Configuration of its autoencoder. */
const AUTOENCODER = {
  imageChannels: 3,
  latentChannels: 4,
  channels: [128, 256, 512, 512],
  layersPerLevel: 2,
  groups: 32,
  scale: 0.18215,
};

/** Stable unCLIP's networks in both precisions. */
export function unclipGraphs(): ProductGraph[] {
  const shape: DenoisingShape = { batchSize: 1, size: [96, 96], tokens: 77 };
  const networks: Readonly<Record<string, (scope: Scope) => NetworkGraph>> = {
    "text encoder": (scope) => textGraph(scope, TEXT, 1),
    "UNet": (scope) => denoisingGraph(scope, UNET, shape, false),
    "guided UNet": (scope) => denoisingGraph(scope, UNET, shape, true),
    "decoder": (scope) => decodingGraph(scope, AUTOENCODER, 1, [96, 96]),
  };
  return (["float32", "float16"] as const).flatMap((dtype) =>
    Object.entries(networks).map(([name, build]): ProductGraph => ({
      name: `Stable unCLIP's ${name} in ${dtype}`,
      build: (target) => ({
        model: encodeModel(withTarget(target, () => build(new Scope({ dtype })))),
      }),
    }))
  );
}

/** Images of a batch of a generator's training. */
const BATCH = 2;

/** Features of its image encoder's embedding. */
const EMBEDDING_WIDTH = 128;

/** The networks by which a generator of the default sizes is trained and measured, but for those that are trained. */
export function generatorGraphs(): ProductGraph[] {
  const configuration = generatorConfiguration({}, "the defaults");
  const { imageSize, textEncoder } = configuration;
  const config = autoencoderConfig(configuration);
  const shape = [BATCH, imageSize, imageSize, config.imageChannels];
  const networks: Readonly<Record<string, (scope: Scope) => NetworkGraph>> = {
    "text encoder": (scope) => textGraph(scope, byteTextEncoder(textEncoder), 1),
    "encoder of latents": (scope) => latentGraph(scope, config, shape),
    "reconstruction": (scope) => reconstructionGraph(scope, config, shape),
  };
  return Object.entries(networks).map(([name, build]): ProductGraph => ({
    name: `a generator's ${name}`,
    build: (target) => ({ model: encodeModel(withTarget(target, () => build(new Scope()))) }),
  }));
}

/** The step by which an image encoder learns layouts. */
export function layoutTrainingGraph(): ProductGraph {
  const { side, tokenWeight } = LAYOUT_TRAINING;
  return {
    name: "training by layouts",
    build: (target) => {
      const { step: { gradients, update } } = layoutStage({
        config: clipVisionConfig("clip_vit_tiny_patch8_64")!,
        normalize: CLIP_NORMALIZATION,
        layoutWidth: 3 * side ** 2,
        ...{ batchSize: BATCH, size: 64, tokenWeight, target },
      }, LAYOUT_TRAINING);
      return { gradients, update };
    },
  };
}

/** The steps of both stages of a generator's training, in its default sizes. */
export function generatorTrainingGraphs(precision: Precision): ProductGraph[] {
  const configuration = generatorConfiguration({}, "the defaults");
  const { autoencoder, imageSize, textEncoder, unet } = configuration;
  const { config, predictionType } = unetPlan(configuration, EMBEDDING_WIDTH);
  const stages: Readonly<Record<string, (target: GraphTarget) => StageGraph>> = {
    autoencoder: (target) => {
      const { reconstructionLoss, klWeight } = autoencoder;
      const sizes = { config: autoencoderConfig(configuration), size: imageSize, batchSize: BATCH };
      return autoencoderLoss({ ...sizes, reconstructionLoss, klWeight, target });
    },
    UNet: (target) => {
      const sizes = { size: config.sampleSize, tokens: textEncoder.tokens, batchSize: BATCH };
      return denoisingLoss({ ...sizes, config, predictionType, target });
    },
  };
  return Object.entries(stages).map(([name, build]): ProductGraph => ({
    name: `training of a generator's ${name} in ${precision}`,
    build: (target) => {
      const { step } = buildStage(build(target), optimizationOf(unet, precision));
      return { gradients: step.gradients, update: step.update };
    },
  }));
}
