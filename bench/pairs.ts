/**
 * `deno task bench pairs`: a method pretrained on ordinary, ideal and generated pairs at one budget, and sweeps of what
 * generated pairs depend on.
 *
 * All cells train on the same renderings of emoji, so that they differ in the pair alone (see pairs_images.ts). Variations
 * are made by one seed, and shared by all seeds of pretraining. A cell is a kind of pairs and a seed; what is done is kept
 * in the folder, so that a comparison which was stopped or killed goes on.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openData } from "../core/data/mod.ts";
import { openDevice } from "../core/engine/ort/mod.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import { FolderLock } from "../core/files/folder_lock.ts";
import { ifThere } from "../core/files/if_there.ts";
import { readJson } from "../core/files/json.ts";
import { writeNewFile, writeNewFileInFolder } from "../core/files/new_file.ts";
import { loadMethodByName } from "../core/method/load.ts";
import { counted } from "../core/schema/counted.ts";
import { isSameValue } from "../core/schema/same_value.ts";
import { findUnclip } from "../core/unclip/mod.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { command, parse, runTask } from "../tasks/cli/command_line.ts";
import { interruptSignal } from "../tasks/cli/interrupt_signal.ts";
import {
  cellFolder,
  type Comparison,
  judgeInitial,
  judgePixels,
  readScores,
  runCell,
} from "./pairs_cell.ts";
import { chosenCells, type NamedCell, PAIR_GROUPS } from "./pairs_cells.ts";
import { estimateCells, measure } from "./pairs_estimate.ts";
import { findForegrounds, type Foregrounds } from "./pairs_generated.ts";
import { judgingData, renderedImages } from "./pairs_images.ts";
import {
  INITIAL,
  type PairResult,
  pairRows,
  pairsChart,
  pairsTable,
  PIXELS,
  type SeedScores,
} from "./pairs_table.ts";
import { printProcessor } from "./processor.ts";
import { tableRow, tableRule } from "./spread.ts";

const COMMAND = command({
  name: "bench pairs",
  summary:
    "Pretrains a method on emoji, by ordinary pairs, by ideal ones and by generated ones with and without weights, at one " +
    "budget, sweeps what generated pairs depend on, and evaluates all of it on another font. Stop it and start it again " +
    "as you like: what is done is kept.",
  examples: [
    {
      command: "deno task bench pairs --dry-run",
      does: "says which cells there are, and how long they take",
    },
    {
      command: "deno task bench pairs --cells main",
      does: "the four kinds of pairs, over three seeds",
    },
    {
      command: "deno task bench pairs --cells main,levels --seeds 0 --epochs 4 --output runs/trial",
      does: "a trial: one seed, and fixed noise levels as well",
    },
  ],
  options: {
    type: "object",
    properties: {
      cells: {
        type: "string",
        default: "all",
        description: `cells or groups of them, between commas: ${
          Object.entries(PAIR_GROUPS).map(([group, cells]) =>
            `${group} (${Object.keys(cells).join(", ")})`
          ).join(", ")
        }; or all`,
      },
      seeds: {
        type: "string",
        default: "0,1,2",
        description: "seeds of pretraining, between commas",
      },
      method: { type: "string", default: "simsiam", description: "method, by its preset demo" },
      epochs: { type: "integer", minimum: 1, default: 12, description: "epochs of each cell" },
      imageSize: {
        type: "integer",
        minimum: 16,
        default: 32,
        description: "height and width of the views in pixels",
      },
      emojiSize: {
        type: "integer",
        minimum: 8,
        default: 64,
        description: "height and width of images and variations in pixels",
      },
      images: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "emoji that are used, evenly out of all (0: all)",
      },
      model: {
        type: "string",
        default: "embedded",
        description: "generator: a folder in diffusers' layout, or a name",
      },
      encoder: {
        type: "string",
        default: "",
        description:
          "network of masks and quality weights: a CLIP model, a file of weights or a run; the generator's image encoder when empty",
      },
      encoderSize: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "height and width of that network's images, of a run or a file (0: its own)",
      },
      steps: { type: "integer", minimum: 1, default: 12, description: "steps of the scheduler" },
      guidance: {
        type: "number",
        minimum: 1,
        default: 3,
        description: "classifier-free guidance scale of variations",
      },
      scheduler: {
        type: "string",
        enum: ["model", "pndm", "ddim", "dpm-solver++"],
        default: "dpm-solver++",
        description: "scheduler; model is the model's own",
      },
      device: { type: "string", default: "auto", description: "auto, cpu, cuda, cuda:N or webgpu" },
      threads: { type: "integer", minimum: 0, default: 0, description: "threads (0: all cores)" },
      output: {
        type: "string",
        default: "runs/pairs",
        description: "folder of images, variations, runs, results, table and picture",
      },
      dryRun: {
        type: "boolean",
        default: false,
        description: "say which cells there are and estimate their time; nothing is written",
      },
    },
  },
});

type Values = NonNullable<ReturnType<typeof parse<typeof COMMAND.options>>>["values"];

function seedsOf(text: string): number[] {
  const seeds = text.split(",");
  if (seeds.every((seed) => /^\d{1,9}$/.test(seed))) return [...new Set(seeds.map(Number))];
  throw new GenviewTypeError(
    `Cannot compare pairs: --seeds must be whole numbers between commas, found ${text}`,
  );
}

/** What results of one folder share, so that they can be compared. */
async function settingsOf(values: Values, generates: boolean): Promise<Record<string, unknown>> {
  const { method, epochs, imageSize, emojiSize, images } = values;
  const shared = { method, epochs, imageSize, emojiSize, images };
  if (!generates) return shared;
  const { model, encoder, encoderSize, steps, guidance, scheduler } = values;
  const { identity } = await findUnclip(model);
  return { ...shared, model: identity, encoder, encoderSize, steps, guidance, scheduler };
}

/** Refuses a folder whose results are of other settings. Those of the generator are added when it is first used. */
async function claim(folder: string, settings: Record<string, unknown>): Promise<void> {
  const path = join(folder, "settings.json");
  const there = await ifThere(readJson(path)) as Record<string, unknown> | undefined;
  const other = Object.entries(there ?? {}).find(([name, value]) =>
    name in settings && !isSameValue(value, settings[name])
  );
  if (other !== undefined) {
    const [name, value] = other;
    throw new GenviewTypeError(
      `Cannot compare pairs in ${folder}: all of a folder must have the same settings, found ${name} ` +
        `${JSON.stringify(value)} there and ${
          JSON.stringify(settings[name])
        } asked for; choose another --output`,
    );
  }
  const all = `${JSON.stringify({ ...there, ...settings }, null, 2)}\n`;
  await writeNewFileInFolder(path, all, { overwrite: true });
}

/** Opens what the cells share; the images are a folder's where they are to be trained on. */
async function open(values: Values, signal: AbortSignal): Promise<Comparison> {
  const { output: folder, epochs, imageSize, dryRun, device: deviceName, threads } = values;
  const emoji = { emojiSize: values.emojiSize, images: values.images };
  const judging = await judgingData(emoji);
  const images = dryRun ? join(folder, "images") : await renderedImages(folder, emoji);
  const files = {
    images,
    // As many, of which nothing but their number is asked.
    dataset: dryRun ? judging[0] : await openData(images),
    size: emoji.emojiSize,
    folder: join(folder, "generated"),
  };
  const work = { device: await openDevice(deviceName), deviceName, threads, signal };
  let found: Promise<Foregrounds | undefined> | undefined;
  return {
    ...{ folder, epochs, imageSize, emoji, judging, files, work, generator: values },
    method: await loadMethodByName(values.method, bundledMethods),
    foregrounds: () => found ??= findForegrounds(files, values, work),
  };
}

const nameOf = ({ name }: NamedCell, seed: number) => `${name}, seed ${seed}`;

/** Runs the cells that are not done, seed by seed; false if it was stopped. */
async function runCells(
  cells: readonly NamedCell[],
  seeds: readonly number[],
  comparison: Comparison,
): Promise<boolean> {
  const all = seeds.flatMap((seed) => cells.map((cell) => ({ cell, seed })));
  for (const [i, { cell, seed }] of all.entries()) {
    if (existsSync(join(cellFolder(comparison.folder, cell.name, seed), "result.json"))) continue;
    console.error(`${i + 1} of ${all.length}: ${nameOf(cell, seed)}`);
    const began = performance.now();
    const scores = await runCell(cell, seed, comparison);
    if (scores === undefined) return false;
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    console.error(
      `${nameOf(cell, seed)}: kNN ${(100 * scores.knnTop1).toFixed(2)} %, ${minutes} minutes`,
    );
  }
  return true;
}

/** What the cells came to that are done, and what stands beside them. */
async function resultsOf(
  cells: readonly NamedCell[],
  seeds: readonly number[],
  comparison: Comparison,
): Promise<PairResult[]> {
  const results: PairResult[] = [];
  for (const { name } of cells) {
    const scores: SeedScores[] = [];
    for (const seed of seeds) {
      const found = await readScores(
        join(cellFolder(comparison.folder, name, seed), "result.json"),
      );
      if (found !== undefined) scores.push({ seed, ...found });
    }
    results.push({ name, scores });
  }
  const initial: SeedScores[] = [];
  for (const seed of seeds) initial.push({ seed, ...await judgeInitial(seed, comparison) });
  const pixels = { seed: 0, ...await judgePixels(comparison) };
  return [...results, { name: INITIAL, scores: initial }, { name: PIXELS, scores: [pixels] }];
}

/** Says which cells there are and how long they take. */
async function estimate(
  cells: readonly NamedCell[],
  seeds: readonly number[],
  comparison: Comparison,
): Promise<string> {
  const seconds = await measure(cells, comparison);
  const left = (name: string) =>
    seeds.filter((seed) =>
      !existsSync(join(cellFolder(comparison.folder, name, seed), "result.json"))
    )
      .length;
  const each = estimateCells(cells, seconds, comparison, left);
  const sum = (of: "minutes" | "variationMinutes") =>
    each.reduce((before, cell) => before + cell[of], 0);
  const row = (name: string, count: string, minutes: number, variations: number) =>
    tableRow([name, count, minutes.toFixed(1), variations.toFixed(1)]);
  const hours = (sum("minutes") + sum("variationMinutes")) / 60;
  return [
    tableRow(["pairs", "seeds left", "minutes", "minutes of variations, at most"]),
    tableRule(4),
    ...each.map(({ name, minutes, variationMinutes }) =>
      row(name, String(left(name)), minutes, variationMinutes)
    ),
    "",
    `about ${hours.toFixed(1)} hours in all, at ${(1000 * seconds.step).toFixed(0)} ms a step, ` +
    `${seconds.evaluation.toFixed(1)} s an evaluation and ${
      (1000 * seconds.call).toFixed(0)
    } ms a call of the ` +
    "generator; features and weights of pairs come on top",
  ].join("\n");
}

/** Runs the benchmark with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const { values } = parsed;
  const cells = chosenCells(values.cells);
  const seeds = seedsOf(values.seeds);
  const usesGenerator = ({ partner, weighted }: NamedCell) => partner === "generated" || weighted;
  const settings = await settingsOf(values, cells.some(usesGenerator));
  using interrupt = interruptSignal();
  if (values.dryRun) {
    console.log(await estimate(cells, seeds, await open(values, interrupt.signal)));
    return;
  }
  const { output: folder } = values;
  using _lock = await FolderLock.acquire(folder);
  await claim(folder, settings);
  const comparison = await open(values, interrupt.signal);
  if (!await runCells(cells, seeds, comparison)) {
    return console.log("stopped; the same command goes on from here");
  }
  const results = await resultsOf(cells, seeds, comparison);
  const rows = pairRows(results);
  const table = pairsTable(rows);
  const overwrite = { overwrite: true };
  const json = `${JSON.stringify({ settings: { ...settings }, rows }, null, 2)}\n`;
  await writeNewFile(join(folder, "table.json"), json, overwrite);
  await writeNewFile(join(folder, "table.md"), `${table}\n`, overwrite);
  await writeNewFile(join(folder, "pairs.png"), await pairsChart(results), overwrite);
  await printProcessor();
  console.log(`${counted(seeds.length, "seed")}, ${counted(values.epochs, "epoch")}\n\n${table}`);
  console.error(`written: ${join(folder, "table.md")}, table.json and pairs.png beside it`);
}

if (import.meta.main) await runTask(main);
