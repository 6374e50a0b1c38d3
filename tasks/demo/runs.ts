/**
 * The demo's two runs: the same method, images and steps, once with ordinary pairs and once with generated ones.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openTrainingData } from "../../core/data/open_data.ts";
import { evaluationOf } from "../../core/evaluate/configured_evaluation.ts";
import { findComponent } from "../../core/masking/mod.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import type { TrainableMethod } from "../../core/method/load.ts";
import { presetOf, resolveConfiguration } from "../../core/method/resolve_configuration.ts";
import { configuredPairEncoder, fitBatch, train } from "../../core/train/mod.ts";
import { TrainDisplay } from "../cli/train_display.ts";
import type { Generated } from "./generation.ts";
import type { DemoImages } from "./images.ts";

/** Pairs that are drawn in each epoch, half of them of the largest weights. */
const SHOWN = 6;

/** Points of the curves, about, beside that of untrained weights: an evaluation takes as long as many steps. */
const EVALUATIONS = 4;

/** A run of the demo. */
export interface DemoRun {
  /** What pairs it has. */
  readonly name: string;
  /** Its folder. */
  readonly folder: string;
  readonly configuration: Configuration;
}

/** What is trained, and how. */
export interface DemoRunOptions {
  readonly method: TrainableMethod;
  readonly images: DemoImages;
  readonly generated: Generated;
  /** Folder of both runs. */
  readonly folder: string;
  /** Passes over the images; as many as the preset has when 0. */
  readonly epochs: number;
  readonly seed: number;
  readonly device: string;
  readonly providerOption: readonly string[];
  /** Threads on the CPU; one for each core when 0. */
  readonly threads: number;
  /** Height and width of the images of the network that weighs pairs; its own when 0. */
  readonly modelSize: number;
}

/** The two runs, the one with generated pairs last. */
export async function demoRuns(
  { method, images, generated, folder, modelSize, ...options }: DemoRunOptions,
): Promise<readonly [ordinary: DemoRun, generated: DemoRun]> {
  const { epochs, seed, device, providerOption, threads } = options;
  const preset = resolveConfiguration(presetOf(method.manifest, "demo"), {
    ...{ seed, device, providerOption, threads, data: images.folder, variations: "" },
    ...(epochs > 0 && { epochs }),
  });
  const evaluateEvery = Math.ceil(preset.epochs / EVALUATIONS);
  const { configuration } = fitBatch({ ...preset, evaluateEvery }, images.rendered.length);
  return [
    { name: "ordinary pairs", folder: join(folder, "ordinary"), configuration },
    {
      name: "generated pairs, weighted",
      folder: join(folder, "generated"),
      configuration: {
        ...configuration,
        variations: generated.variations,
        qualityEncoder: generated.model,
        qualityComponent: await findComponent(generated.features),
        qualityImageSize: modelSize,
        vis: Math.min(SHOWN, configuration.batchSize),
      },
    },
  ];
}

/** Trains a run, or what is left of it; the folder of its last checkpoint, undefined if it was stopped. */
export async function trainRun(
  { name, folder, configuration }: DemoRun,
  { method, images: { bank, queries } }: DemoRunOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  using display = new TrainDisplay();
  display.note(`${name}:`);
  const evaluate = await evaluationOf(bank, queries, configuration, {
    onWarning: (message) => display.show({ kind: "warning", message }),
  });
  const pairEncoder = await configuredPairEncoder(configuration);
  const { finished, checkpoint } = await train({
    ...{ method, configuration, output: folder, signal, evaluate },
    dataset: await openTrainingData(configuration),
    report: (event) => display.show(event),
    ...(pairEncoder && { pairEncoder }),
    ...(existsSync(join(folder, "configuration.json")) && { resume: "latest" }),
  });
  return finished ? checkpoint : undefined;
}
