/**
 * One cell of the comparison of methods: a method trained with a seed by one of the sides, and how good its features are.
 *
 * Both sides see the same batches in the same order, drawn and augmented by our loader, and follow the same schedules;
 * each starts from initial values of its own. Both backbones are judged by the same code.
 *
 * @module
 */
import { viewLoader } from "../core/data/loader/view_loader.ts";
import { openEvaluationData, openTrainingData } from "../core/data/open_data.ts";
import type { Tensor } from "../core/engine/graph/tensor.ts";
import { CPU, DeviceTensor } from "../core/engine/ort/mod.ts";
import type { Configuration } from "../core/method/configuration.ts";
import { loadMethodByName } from "../core/method/load.ts";
import { presetOf, resolveConfiguration } from "../core/method/resolve_configuration.ts";
import { configuredVariations } from "../core/train/run/generated_views.ts";
import { openRun } from "../core/train/run/open_run.ts";
import { pretrain } from "../core/train/run/pretrain.ts";
import { planRun } from "../core/train/run/run_plan.ts";
import { ViewFeed } from "../core/train/step/view_feed.ts";
import { readSafetensors } from "../core/weights/safetensors.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { type FeatureScores, judgeBackbone } from "./judge_backbone.ts";

/** Who trains. */
export type Side = "ours" | "lightly";

/** What is trained. */
export interface Cell {
  readonly method: string;
  readonly seed: number;
  readonly side: Side;
}

/** How long, on what, and by what. */
export interface Budget {
  readonly epochs: number;
  readonly imageSize: number;
  readonly threads: number;
  /** Folder of runs. */
  readonly folder: string;
  /** Interpreter with torch and lightly. */
  readonly python: string;
}

/** Where both sides would differ by what lightly does not have, both go without. */
const WITHOUT: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  // No batch norm in groups, which is for many devices.
  "moco-v2": { groupSize: 1024 },
};

/** What a cell's side is trained with: the method's preset for emoji, larger images and the budget. */
async function cellConfiguration(
  { method, seed }: Cell,
  { epochs, imageSize, threads }: Budget,
): Promise<Configuration> {
  const { manifest } = await loadMethodByName(method, bundledMethods);
  const preset = presetOf(manifest, "demo");
  const options = { ...preset.options, ...WITHOUT[method] };
  return resolveConfiguration(preset, {
    ...{ seed, epochs, imageSize, threads, options },
    ...{ evaluateEvery: 0, evaluationData: "", checkpointEvery: epochs },
  });
}

type Weights = ReadonlyMap<string, Tensor>;

async function trainOurs(cell: Cell, budget: Budget): Promise<Weights> {
  const configuration = await cellConfiguration(cell, budget);
  const output = `${budget.folder}/${cell.method}-seed${cell.seed}`;
  const begun = await Deno.stat(`${output}/configuration.json`).then(() => true, () => false);
  await pretrain(
    { output, method: cell.method, configuration, ...(begun && { resume: "latest" }) },
    { methods: bundledMethods },
  );
  return (await openRun(output)).checkpoint.model;
}

/** A step's scalars and views as the peer reads them. */
function frameOf(
  scalars: Readonly<Record<string, number>>,
  views: readonly Tensor[],
): Uint8Array[] {
  const header = new TextEncoder().encode(JSON.stringify(scalars));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length, true);
  const bytes = views.map(({ data }) =>
    new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
  );
  return [length, header, ...bytes];
}

/** The method's options with the defaults of its manifest. */
async function optionsOf(method: string, given: Configuration["options"]) {
  const { manifest } = await loadMethodByName(method, bundledMethods);
  const properties = Object.entries(manifest.options.properties ?? {});
  return {
    ...Object.fromEntries(properties.map(([name, value]) => [name, value.default])),
    ...given,
  };
}

async function trainLightly(cell: Cell, budget: Budget): Promise<Weights> {
  const configuration = await cellConfiguration(cell, budget);
  const { batchSize, seed, epochs, loaders, strict, threads } = configuration;
  const dataset = await openTrainingData(configuration);
  const { recipes, stepsPerEpoch, scalars } = planRun({ configuration, dataset });
  using owned = new DisposableStack();
  const feed = owned.use(await ViewFeed.create(recipes, batchSize, { device: CPU, threads }));
  const places = recipes.map(({ size }) =>
    owned.use(DeviceTensor.empty({ dtype: "float32", shape: [batchSize, 3, size, size] }, CPU))
  );
  const output = `${budget.folder}/${cell.method}-seed${cell.seed}-lightly.safetensors`;
  const { stem, zeroInitResidual, optimizer, momentum, nesterov, beta1, beta2, epsilon } =
    configuration;
  const peer = new Deno.Command(budget.python, {
    args: [
      new URL("../reference/bench_methods_train.py", import.meta.url).pathname,
      cell.method,
      JSON.stringify({
        ...{ batch: batchSize, sizes: recipes.map(({ size }) => size), seed, threads },
        ...{ stem, zeroInitResidual },
        // By themselves: SwAV has an epsilon, too.
        optimization: { optimizer, momentum, nesterov, beta1, beta2, epsilon },
        ...{ rules: configuration.parameterRules, clip: configuration.clipGradientNorm },
        ...await optionsOf(cell.method, configuration.options),
      }),
      output,
    ],
    ...{ stdin: "piped", stdout: "null", stderr: "inherit" },
  }).spawn();
  const writer = peer.stdin.getWriter();
  for (let epoch = 0, step = 0; epoch < epochs; epoch++) {
    const batches = viewLoader(dataset, recipes, {
      ...{ batchSize, seed, epoch, strict, workers: loaders - 1 },
      variations: configuredVariations(configuration, recipes),
    });
    for await (const { views } of batches) {
      if (step >= (epoch + 1) * stepsPerEpoch) break;
      await feed.write(views, places);
      const read = places.map((place) => place.read());
      for (const part of frameOf(scalars(step), read)) await writer.write(part);
      step++;
    }
  }
  await writer.close();
  const { success } = await peer.status;
  if (!success) throw new Error(`Cannot compare: lightly's side of ${cell.method} failed`);
  return (await readSafetensors(output)).tensors;
}

/** Trains a cell and judges it on one font by another. */
export async function runCell(cell: Cell, budget: Budget): Promise<FeatureScores> {
  const train = cell.side === "ours" ? trainOurs : trainLightly;
  const weights = await train(cell, budget);
  const data = await openEvaluationData("emoji-google", "emoji-twitter");
  const { threads } = budget;
  return await judgeBackbone(weights, await cellConfiguration(cell, budget), data, { threads });
}
