/**
 * One cell of the comparison of pairs: a method pretrained with a seed on pairs of a kind, and how good its features are.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Dataset, openVariationList } from "../core/data/mod.ts";
import { withVariations } from "../core/data/pairing.ts";
import type { Tensor } from "../core/engine/graph/tensor.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { readJson } from "../core/files/json.ts";
import { writeNewFileInFolder } from "../core/files/new_file.ts";
import type { Configuration } from "../core/method/configuration.ts";
import type { TrainableMethod } from "../core/method/load.ts";
import { presetOf, resolveConfiguration } from "../core/method/resolve_configuration.ts";
import { scorePixels } from "../core/report/mod.ts";
import { fitBatch } from "../core/train/run/fit_batch.ts";
import { untrainedWeights } from "../core/train/run/untrained_weights.ts";
import { openRun } from "../core/train/run/open_run.ts";
import { configuredPairEncoder } from "../core/train/run/pair_encoder.ts";
import { train } from "../core/train/run/train.ts";
import { TrainDisplay } from "../tasks/cli/train_display.ts";
import {
  type FeatureScores,
  figuresOf,
  judgeBackbone,
  type JudgingData,
} from "./judge_backbone.ts";
import type { PairCell } from "./pairs_cells.ts";
import {
  cellVariations,
  type Foregrounds,
  type GeneratedFiles,
  type GeneratorChoice,
  type Work,
} from "./pairs_generated.ts";
import { type EmojiChoice, idealVariations, redrawnEmoji } from "./pairs_images.ts";

/** What all cells share. */
export interface Comparison {
  /** Folder of everything. */
  readonly folder: string;
  readonly method: TrainableMethod;
  /** Passes over the images of each cell. */
  readonly epochs: number;
  /** Height and width of the views, in pixels. */
  readonly imageSize: number;
  readonly emoji: EmojiChoice;
  readonly generator: GeneratorChoice;
  readonly files: GeneratedFiles;
  /** What evaluates the cells. */
  readonly judging: JudgingData;
  readonly work: Work;
  /** The foreground of the images, found when it is first asked for; undefined if that was stopped. */
  readonly foregrounds: () => Promise<Foregrounds | undefined>;
}

/** Checkpoints of a cell, so that one which was killed loses at most this share of it. */
const CHECKPOINTS = 4;

/** The views of a configuration, which show this share of the image at least. */
function viewsOf(
  { views }: Pick<Configuration, "views">,
  leastArea: number,
): Configuration["views"] {
  const area = [leastArea, 1] as const;
  if (typeof views === "string") return { preset: views, area };
  if ("preset" in views) return { ...views, area };
  throw new GenviewTypeError(
    "Cannot compare areas of crops: the method's preset must name its views, found a list of recipes",
  );
}

/** What a cell is trained with: the method's preset for emoji, and what the cell changes. */
export function cellConfiguration(
  { partner, redrawn = false, configuration, leastArea }: PairCell,
  seed: number,
  { method, epochs, imageSize, work, files }: Pick<
    Comparison,
    "method" | "epochs" | "imageSize" | "work" | "files"
  >,
): Configuration {
  const preset = presetOf(method.manifest, "demo");
  const { threads, deviceName: device } = work;
  const drawn = partner === "ideal" ? "emoji-google-pairs" : "emoji-google";
  const given = resolveConfiguration(preset, {
    ...{ seed, epochs, imageSize, threads, device },
    ...{ data: redrawn ? drawn : files.images, variationKey: "class-name" },
    ...{ evaluateEvery: 0, evaluationData: "" },
    ...{ checkpointEvery: Math.ceil(epochs / CHECKPOINTS), keepCheckpoints: 1 },
    ...configuration,
  });
  return fitBatch({
    ...given,
    ...(leastArea !== undefined && { views: viewsOf(given, leastArea) }),
  }, files.dataset.length).configuration;
}

/** The list of a cell's variations, empty where it has none; undefined if making them was stopped. */
async function listOf(cell: PairCell, comparison: Comparison): Promise<string | undefined> {
  const { emoji, folder, files, generator, work } = comparison;
  const { partner, redrawn = false, variations = 1 } = cell;
  if (redrawn || partner === "image") return "";
  if (partner === "ideal") return await idealVariations(folder, emoji, variations, files.dataset);
  const foregrounds = await comparison.foregrounds();
  return foregrounds && await cellVariations(cell, files, foregrounds, generator, work);
}

/** The images that a cell trains on, with the variations of a list. */
async function pairsOf(
  { partner, redrawn = false }: PairCell,
  seed: number,
  list: string,
  { emoji, files: { dataset } }: Comparison,
): Promise<Dataset> {
  if (redrawn) return await redrawnEmoji(emoji, { seed, ideal: partner === "ideal" });
  if (list === "") return dataset;
  const options = { key: "class-name", missing: "error" } as const;
  return withVariations(dataset, await openVariationList(list), options);
}

/** The configuration with the network that weights its pairs; undefined if finding the foreground was stopped. */
async function weightedConfiguration(
  configuration: Configuration,
  { foregrounds }: Pick<Comparison, "foregrounds">,
): Promise<Configuration | undefined> {
  const found = await foregrounds();
  if (found === undefined) return undefined;
  const { component, network: { model, imageSize = 0 } } = found;
  return {
    ...configuration,
    qualityEncoder: model,
    qualityComponent: component,
    qualityImageSize: imageSize,
  };
}

/** Trains a cell, or what is left of it; its weights, undefined if it was stopped. */
async function trainCell(
  cell: PairCell,
  seed: number,
  output: string,
  comparison: Comparison,
): Promise<ReadonlyMap<string, Tensor> | undefined> {
  const { method, work: { signal } } = comparison;
  const variations = await listOf(cell, comparison);
  if (variations === undefined) return undefined;
  const dataset = await pairsOf(cell, seed, variations, comparison);
  const own = { ...cellConfiguration(cell, seed, comparison), variations };
  const configuration = cell.weighted ? await weightedConfiguration(own, comparison) : own;
  if (configuration === undefined) return undefined;
  const pairEncoder = await configuredPairEncoder(configuration);
  using display = new TrainDisplay();
  const { finished } = await train({
    ...{ method, configuration, dataset, output, signal },
    report: (event) => display.show(event),
    ...(pairEncoder && { pairEncoder }),
    ...(existsSync(join(output, "configuration.json")) && { resume: "latest" }),
  });
  return finished ? (await openRun(output)).checkpoint.model : undefined;
}

/** The scores that a file keeps; undefined if there are none yet. */
export async function readScores(path: string): Promise<FeatureScores | undefined> {
  return await ifThere(readJson(path)) as FeatureScores | undefined;
}

async function keepScores(path: string, scores: FeatureScores): Promise<FeatureScores> {
  await writeNewFileInFolder(path, `${JSON.stringify(scores, null, 2)}\n`);
  return scores;
}

/** Where a cell's run and its scores lie. */
export function cellFolder(folder: string, name: string, seed: number): string {
  return join(folder, "cells", name, `seed-${seed}`);
}

/**
 * Trains and judges a cell, or reads what it came to. Its checkpoints are removed when it has been judged.
 *
 * @returns undefined if it was stopped
 */
export async function runCell(
  cell: PairCell & { readonly name: string },
  seed: number,
  comparison: Comparison,
): Promise<FeatureScores | undefined> {
  const folder = cellFolder(comparison.folder, cell.name, seed);
  const path = join(folder, "result.json");
  const run = join(folder, "run");
  const known = await readScores(path);
  if (known !== undefined) return known;
  const weights = await trainCell(cell, seed, run, comparison);
  if (weights === undefined) return undefined;
  const configuration = cellConfiguration(cell, seed, comparison);
  const { judging, work } = comparison;
  const scores = await keepScores(path, await judgeBackbone(weights, configuration, judging, work));
  await Deno.remove(join(run, "checkpoints"), { recursive: true });
  return scores;
}

/** What a seed's network can do before it is trained; read where it is known. */
export async function judgeInitial(seed: number, comparison: Comparison): Promise<FeatureScores> {
  const { folder, method, judging, work } = comparison;
  const path = join(cellFolder(folder, "random-initialisation", seed), "result.json");
  const known = await readScores(path);
  if (known !== undefined) return known;
  const configuration = cellConfiguration({ partner: "image" }, seed, comparison);
  const weights = await untrainedWeights(method, configuration);
  return await keepScores(path, await judgeBackbone(weights, configuration, judging, work));
}

/** What the pixels can do as they are; read where it is known. */
export async function judgePixels(comparison: Comparison): Promise<FeatureScores> {
  const { folder, judging: [bank, queries] } = comparison;
  const path = join(folder, "cells", "raw-pixels", "result.json");
  const known = await readScores(path);
  if (known !== undefined) return known;
  const configuration = cellConfiguration({ partner: "image" }, 0, comparison);
  return await keepScores(path, figuresOf(await scorePixels({ configuration, bank, queries })));
}
