/**
 * Configurations at a size that trains in a moment: few channels, small views and small batches, all else as it is.
 *
 * @module
 */
import type { Backbone } from "../../core/backbones/backbone.ts";
import { resNet, type ResNetConfig, resNetWidth } from "../../core/backbones/resnet.ts";
import {
  visionTransformer,
  type VisionTransformerConfig,
} from "../../core/backbones/vision_transformer.ts";
import { withVariations } from "../../core/data/mod.ts";
import type { Dataset } from "../../core/data/dataset.ts";
import type { Tensor } from "../../core/engine/graph/tensor.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import type { LoadedMethod } from "../../core/method/load.ts";
import { optimizerOf } from "../../core/train/run/run_schedules.ts";
import { planRun } from "../../core/train/run/run_plan.ts";
import { RunBatches } from "../../core/train/run/run_batches.ts";
import { buildAccumulatedGraph } from "../../core/train/step/accumulation/accumulated_graph.ts";
import { AccumulatedStep } from "../../core/train/step/accumulation/accumulated_step.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import { initialWeights } from "../../core/train/step/method_step.ts";
import { TrainingStep } from "../../core/train/step/training_step.ts";
import { PATCH_DIRECTION, patchMeans } from "../core/train/patch_means.ts";
import { noise } from "../core/train/small_run.ts";

const SIZE = 32;
const BATCH = 8;
const PART = 4;

/** Options of methods that are widths, and lengths that follow the batch. */
const WIDTH = /(width|outputs|prototypes)$/i;
const SCALED: Readonly<Record<string, number>> = { queueLength: 16, groupSize: 4 };
const NARROW = 16;

/** A network of the kind of another, of few channels. */
function narrow({ backbone: name, stem, zeroInitResidual }: Configuration): Backbone {
  if (name.startsWith("resnet")) {
    const config: ResNetConfig = {
      block: name === "resnet50" ? "bottleneck" : "basic",
      depths: [1, 1],
      channels: [4, 8],
      stem,
      zeroInitResidual,
    };
    const width = resNetWidth(config);
    return { name, width, apply: (scope, images) => resNet(scope, images, config).features };
  }
  const config: VisionTransformerConfig = {
    ...{ patch: 2, width: 16, depth: 1, heads: 2, imageSize: SIZE },
    variant: name.startsWith("mocov3") ? "mocov3" : "timm",
  };
  return {
    name,
    width: config.width,
    apply: (scope, images) => visionTransformer(scope, images, config),
  };
}

/** A method's options at small widths; those that are left out have their defaults. */
function reducedOptions({ manifest }: LoadedMethod, given: Configuration["options"]) {
  const all = Object.entries(manifest.options.properties).map(([name, schema]) => {
    const value = Object.hasOwn(given, name) ? given[name] : schema.default;
    if (value === 0 || typeof value !== "number") return [name, value];
    return [name, WIDTH.test(name) ? NARROW : SCALED[name] ?? value];
  });
  return Object.fromEntries(all);
}

/**
 * A configuration at a small size. The learning rate stays what it is at the batch of the whole one.
 *
 * @param method whose options it sets
 */
export function reduced(method: LoadedMethod, configuration: Configuration): Configuration {
  const { baseBatchSize, batchSize, deviceBatchSize, options } = configuration;
  const base = Math.max(1, Math.round(BATCH * baseBatchSize / batchSize));
  return {
    ...configuration,
    imageSize: SIZE,
    batchSize: BATCH,
    deviceBatchSize: deviceBatchSize === 0 ? 0 : PART,
    baseBatchSize: baseBatchSize === 0 ? 0 : base,
    options: reducedOptions(method, options),
    device: "cpu",
    threads: 1,
    loaders: 1,
  };
}

/** Noise, of which every image has a variation where variations are asked for. */
function images({ variations, missingVariation }: Configuration, count: number): Dataset {
  const all = noise(2 * count);
  if (variations === "") return noise(count);
  const paths = Array.from({ length: count }, (_, i) => `noise ${i}.png`);
  const source = (path: string) => all.sample(count + Number(/\d+/.exec(path))).source;
  return withVariations(noise(count), { name: "others", paths, source }, {
    missing: missingVariation,
  });
}

/** What two steps of a configuration gave. */
export interface TwoSteps {
  readonly losses: readonly number[];
  /** Shares of views that were cut from variations; undefined without them. */
  readonly generated: readonly (number | undefined)[];
  /** Names of the parameters that are as they were. */
  readonly unchanged: readonly string[];
}

/** Takes the first two steps of a reduced configuration as a run takes them. */
export async function twoSteps(
  method: LoadedMethod,
  configuration: Configuration,
): Promise<TwoSteps> {
  using owned = new DisposableStack();
  const { batchSize, deviceBatchSize, options, qualityEncoder } = configuration;
  const dataset = images(configuration, 2 * batchSize);
  const pairEncoder = qualityEncoder === ""
    ? undefined
    : { network: patchMeans(SIZE), component: PATCH_DIRECTION, sharpness: 1 };
  const plan = planRun({ configuration, dataset, pairEncoder });
  const graphOptions = {
    backbone: narrow(configuration),
    viewSizes: plan.recipes.map(({ size }) => size),
    batchSize,
    options,
  };
  const { clipGradientNorm, clipGradientPer, parameterRules: rules } = configuration;
  const stepOptions = {
    ...plan.placement,
    optimizer: optimizerOf(configuration),
    rules,
    ...(clipGradientNorm > 0 && { clipGradientNorm, clipGradientPer }),
  };
  const graph = buildMethodGraph(method, graphOptions);
  const initial = initialWeights(graph, 0);
  const step = owned.use(
    deviceBatchSize === 0
      ? await TrainingStep.create(graph, stepOptions, initial)
      : await AccumulatedStep.create(
        buildAccumulatedGraph(method, { ...graphOptions, deviceBatchSize }),
        stepOptions,
        initial,
      ),
  );
  const given = {
    method,
    configuration,
    dataset,
    output: "",
    ...(pairEncoder && { pairEncoder }),
  };
  const batches = owned.use(await RunBatches.create(given, plan, step));
  const losses: number[] = [];
  const generated: (number | undefined)[] = [];
  for await (const batch of batches.open(0, 0)) {
    const { metrics } = await batches.place(batch, 0);
    generated.push(metrics["generatedViews"]);
    const scalars = plan.scalars(losses.length);
    losses.push((await batches.run(scalars, { seed: 0, step: losses.length })).loss);
  }
  const same = (before: Tensor, after: Tensor) =>
    (before.data as Float32Array).every((value, i) => value === after.data[i]);
  const unchanged = [...graph.scope.declarations.values()]
    .filter(({ name, kind }) =>
      kind === "trainable" && same(initial.get(name)!, step.weights.get(name)!.read())
    )
    .map(({ name }) => name);
  return { losses, generated, unchanged };
}
