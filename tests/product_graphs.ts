/**
 * Every graph of the product, whole but for the number of images, as it builds them for a device.
 *
 * @module
 */
import { bundledConfigurations } from "../configs/mod.ts";
import { backbone } from "../core/backbones/registry.ts";
import { clipModel, clipModelNames } from "../core/backbones/clip_models.ts";
import { clipVisionConfig } from "../core/backbones/clip_vision_backbones.ts";
import { normalizePixels } from "../core/data/normalize_pixels.ts";
import { buildPhotometricGraph } from "../core/data/photometry/photometric_graph.ts";
import { viewRecipes } from "../core/data/mod.ts";
import {
  CLIP_NORMALIZATION,
  evaluationRecipe,
  IMAGENET_NORMALIZATION,
} from "../core/data/views/presets.ts";
import { classTokenGraph } from "../core/encoders/export_image_encoder.ts";
import { buildFeatureGraph } from "../core/encoders/feature_extractor.ts";
import { imageInput } from "../core/encoders/image_encoder.ts";
import { type GraphTarget, withTarget } from "../core/engine/graph/target.ts";
import { input, type Value } from "../core/engine/graph/value.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { encodeModel } from "../core/engine/onnx/encode_model.ts";
import { cast } from "../core/engine/ops/cast.ts";
import { lars, sgd } from "../core/engine/optim/mod.ts";
import { DeviceTensor } from "../core/engine/ort/mod.ts";
import type { BuiltStep } from "../core/engine/step/mod.ts";
import { buildFineTuning, classify } from "../core/evaluate/fine_tuning_graph.ts";
import { FINE_TUNING_RECIPES } from "../core/evaluate/fine_tuning_recipes.ts";
import { classifierGraphs } from "../core/evaluate/linear_classifier.ts";
import { blockSimilarities } from "../core/evaluate/similarities.ts";
import { similarityWeights } from "../core/losses/quality_weights.ts";
import { encodeAccumulation } from "../core/masking/covariance.ts";
import type { Configuration } from "../core/method/configuration.ts";
import type { LoadedMethod } from "../core/method/load.ts";
import { readConfiguration } from "../core/method/read_configuration.ts";
import { presetOf, resolveConfiguration } from "../core/method/resolve_configuration.ts";
import type { Precision } from "../core/engine/precision/mod.ts";
import { compileMethodStep } from "../core/train/compile/compile_method.ts";
import { comparison } from "../core/train/step/pair_weighting.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { importMethod } from "./plugins/imported_method.ts";
import {
  generatorGraphs,
  generatorTrainingGraphs,
  layoutTrainingGraph,
  unclipGraphs,
} from "./unclip_graphs.ts";

/** A graph, or the few that belong together, by name. */
export interface ProductGraph {
  /** What it is, in words. */
  readonly name: string;
  /** Builds it for a target, as models by name. */
  readonly build: (target: GraphTarget) => Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
}

type Models = Record<string, Uint8Array<ArrayBuffer>>;

/** Samples of a batch, and those that a device takes at once. */
const BATCH = 8;
const PART = 4;

function stepModels({ gradients, update }: BuiltStep): Models {
  return { gradients, update };
}

function outputsOf(target: GraphTarget, build: () => Readonly<Record<string, Value>>): Models {
  return { model: encodeModel({ outputs: withTarget(target, build) }) };
}

/** Gradients and update of a method, or the four models of its step by micro-batches. */
function trainingGraph(
  name: string,
  method: LoadedMethod,
  whole: Configuration,
  precision: Precision,
): ProductGraph {
  const { baseBatchSize, deviceBatchSize, options } = whole;
  const configuration = {
    ...whole,
    batchSize: BATCH,
    deviceBatchSize: deviceBatchSize === 0 ? 0 : PART,
    baseBatchSize: baseBatchSize === 0 ? 0 : BATCH,
    options: { ...options, ...("queueLength" in options && { queueLength: 16 }) },
  };
  const viewSizes = viewRecipes(configuration).map(({ size }) => size);
  return {
    name,
    build: (tuning) => {
      const { kind, built } = compileMethodStep(method, {
        configuration,
        viewSizes,
        tuning,
        precision,
      });
      if (kind === "whole") return stepModels(built);
      const { forward, loss, backward, update } = built;
      return { forward, loss, backward, update };
    },
  };
}

/** What a training graph depends on: graphs of which only images or rates differ are one. */
function trainingKey(method: LoadedMethod, configuration: Configuration): string {
  const { backbone, stem, zeroInitResidual, optimizer, larsVariant, options, deviceBatchSize } =
    configuration;
  const { clipGradientNorm, clipGradientPer, parameterRules, momentum } = configuration;
  const sizes = viewRecipes(configuration).map(({ size }) => size);
  return JSON.stringify([
    [method.manifest.name, backbone, stem, zeroInitResidual, optimizer, larsVariant, options],
    [deviceBatchSize === 0, clipGradientNorm, clipGradientPer, parameterRules, momentum, sizes],
  ]);
}

/** A configuration of the product. */
interface NamedConfiguration {
  readonly name: string;
  readonly method: LoadedMethod;
  readonly configuration: Configuration;
}

/** Those of all presets of all methods, and of all experiments of GenView. */
async function configurations(): Promise<NamedConfiguration[]> {
  const methods = await Promise.all(Object.keys(bundledMethods).map(importMethod));
  const presets = methods.flatMap((method) =>
    Object.keys(method.manifest.presets).map((name) => ({
      name: `${method.manifest.name}'s preset ${name}`,
      method,
      configuration: resolveConfiguration(presetOf(method.manifest, name)),
    }))
  );
  const names = Object.keys(bundledConfigurations);
  const experiments = await Promise.all(names.map(async (name) => {
    const file = await readConfiguration(name, bundledConfigurations);
    const method = methods.find(({ manifest }) => manifest.name === file.method)!;
    return { name, method, configuration: resolveConfiguration(file.configuration) };
  }));
  return [...presets, ...experiments];
}

/** The steps of all configurations, as far as they are `asked` for. */
export async function trainingGraphs(
  precision: Precision,
  asked: (configuration: Configuration) => boolean = () => true,
): Promise<ProductGraph[]> {
  const graphs = new Map<string, ProductGraph>();
  for (const { name, method, configuration } of await configurations()) {
    const key = trainingKey(method, configuration);
    if (graphs.has(key) || !asked(configuration)) continue;
    graphs.set(key, trainingGraph(`${name} in ${precision}`, method, configuration, precision));
  }
  return [...graphs.values()];
}

/** Fine-tuning by every recipe, in parts of a batch, probes, comparisons of features. */
export function evaluationGraphs(): ProductGraph[] {
  // In parts a step has all the nodes that it has on a whole batch, and those that sum gradients.
  const parts = { batchSize: PART, microBatches: 2 };
  const size = { ...parts, size: 224, normalize: IMAGENET_NORMALIZATION };
  const tuned = Object.entries(FINE_TUNING_RECIPES).map(([name, recipeFor]): ProductGraph => {
    const trained = backbone(name === "vit" ? "vit_base_patch16_224" : "resnet50");
    const network = { backbone: trained, classes: 1000, recipe: recipeFor(0.01) };
    return {
      name: `fine-tuning by ${name}`,
      build: (target) => ({
        ...stepModels(withTarget(target, () => buildFineTuning({ ...network, ...size })).step),
        ...outputsOf(target, () => ({
          logits: classify(new Scope(), input("images", "float32", [PART, 3, 224, 224]), network),
        })),
      }),
    };
  });
  const probes = [sgd(), lars()].map((optimizer, i): ProductGraph => ({
    name: `linear probe by ${["SGD", "LARS"][i]}`,
    build: (target) => {
      const options = { width: 2048, classes: 1000, batchSize: 256, optimizer, weightDecay: true };
      const { step, logits } = withTarget(target, () => classifierGraphs(options));
      return { ...stepModels(step), answers: encodeModel({ outputs: { logits } }) };
    },
  }));
  const similarities: ProductGraph = {
    name: "similarities of features",
    build: (target) =>
      outputsOf(target, () => ({
        similarities: blockSimilarities({ queryRows: 64, bankRows: 256 }, 512),
      })),
  };
  return [...tuned, ...probes, similarities];
}

/** Backbones as encoders of features and tokens, CLIP's towers in both precisions, and the class tokens of a trained tower. */
export function encoderGraphs(): ProductGraph[] {
  const names = [
    "resnet18",
    "resnet50",
    "vit_small_patch16_224",
    "mocov3_vit_small",
    "convnext_tiny",
  ];
  const backbones = names.flatMap((name): ProductGraph[] => [
    {
      name: `features of ${name}`,
      build: (target) =>
        outputsOf(target, () => {
          const options = { batchSize: PART, size: 224, normalize: IMAGENET_NORMALIZATION };
          const { features } = buildFeatureGraph({ backbone: backbone(name), ...options });
          return { features };
        }),
    },
    {
      name: `tokens of ${name}`,
      build: (target) =>
        outputsOf(target, () => {
          const images = input("images", "uint8", [PART, 224, 224, 3]);
          const normalized = normalizePixels(images, CLIP_NORMALIZATION);
          return { tokens: backbone(name).applyTokens(new Scope(), normalized) };
        }),
    },
  ]);
  const towers = clipModelNames.flatMap((name) =>
    (["float32", "float16"] as const).map((precision): ProductGraph => ({
      name: `CLIP ${name} in ${precision}`,
      build: (target) =>
        outputsOf(target, () => {
          const model = clipModel(name);
          const images = input("images", "uint8", [PART, model.inputSize, model.inputSize, 3]);
          const normalized = cast(normalizePixels(images, model.normalize), precision);
          const { tokens, pooled } = model.apply(new Scope({ dtype: precision }), normalized);
          return { tokens: cast(tokens, "float32"), pooled: cast(pooled, "float32") };
        }),
    }))
  );
  const classTokens: ProductGraph = {
    name: "class tokens of a trained tower",
    build: (target) => {
      const size = 64;
      const { images, normalized } = withTarget(
        target,
        () => imageInput({ batchSize: PART, size, normalize: CLIP_NORMALIZATION }),
      );
      const config = clipVisionConfig("clip_vit_tiny_patch8_64")!;
      const features = classTokenGraph(config, normalized, target);
      return { model: encodeModel({ inputs: [images], outputs: { features } }) };
    },
  };
  return [...backbones, ...towers, classTokens];
}

/** Photometry of all views, the weights of pairs, and the covariance of tokens. */
export async function imageGraphs(): Promise<ProductGraph[]> {
  const recipes = new Map(
    (await configurations()).flatMap(({ configuration }) => viewRecipes(configuration))
      .map((recipe) => [JSON.stringify(recipe), recipe]),
  );
  const photometry = [...recipes.values()].map((recipe, i): ProductGraph => ({
    name: `photometry ${i} at ${recipe.size} pixels`,
    build: (target) =>
      outputsOf(target, () => {
        const { views } = buildPhotometricGraph({ recipe, batchSize: PART });
        return { views };
      }),
  }));
  const pairs: ProductGraph = {
    name: "weights of pairs",
    build: (target) => {
      const shape = [BATCH, 3, 32, 32];
      using first = DeviceTensor.empty({ dtype: "float32", shape });
      using second = DeviceTensor.empty({ dtype: "float32", shape });
      const outputs = withTarget(target, () => {
        const { images, compare } = comparison(
          {
            network: { view: evaluationRecipe(224, CLIP_NORMALIZATION) },
            component: new Float32Array(8).fill(0.1),
          },
          {
            views: [first, second],
            normalize: [IMAGENET_NORMALIZATION, IMAGENET_NORMALIZATION],
            pairs: [{ views: [0, 1] }],
          },
          PART,
        );
        const tokens = input("tokens", "float32", [2 * PART, 49, 8]);
        const [foreground, background] = ["foreground", "background"].map((name) =>
          input(name, "float32", [BATCH])
        ) as [Value, Value];
        return {
          images,
          ...compare(tokens),
          weights: similarityWeights(foreground, background, 10),
        };
      });
      return { model: encodeModel({ outputs }) };
    },
  };
  const covariance: ProductGraph = {
    name: "covariance of tokens",
    build: (target) => ({ model: withTarget(target, () => encodeAccumulation(64, 128)) }),
  };
  return [...photometry, pairs, covariance];
}

/** Every graph of the product that all devices are to run. */
export async function productGraphs(): Promise<ProductGraph[]> {
  return [
    ...evaluationGraphs(),
    ...encoderGraphs(),
    ...await imageGraphs(),
    ...unclipGraphs(),
    ...generatorGraphs(),
    layoutTrainingGraph(),
    ...generatorTrainingGraphs("float32"),
    ...generatorTrainingGraphs("float16"),
    ...await trainingGraphs("float32"),
    ...await trainingGraphs("float16"),
  ];
}
