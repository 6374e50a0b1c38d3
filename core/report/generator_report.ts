/**
 * The report of a generator's training: curves of its stages, samples over the epochs, configuration and sizes.
 *
 * @module
 */
import { join } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { type LogRecord, readJsonLines } from "../files/json_lines.ts";
import type { Point } from "../plot/curve.ts";
import { lineChart } from "../plot/line_chart.ts";
import { generatorConfiguration } from "../unclip/training/generator_configuration.ts";
import type { LevelMeasure } from "../unclip/training/level_comparison.ts";
import type { LevelMeasures } from "../unclip/training/level_measures.ts";
import { readLevelMeasures } from "../unclip/training/read_measures.ts";
import { configurationFile, readGeneratorRun } from "../unclip/training/run_generator.ts";
import { sampleEpoch } from "../unclip/training/samples.ts";
import type { StageName } from "../unclip/training/stage_event.ts";
import { newestFigure, reconstructionFigure, variationFigure } from "./generator_figures.ts";
import { describeCurve, endsOf, percent, shortNumber } from "./describe_curve.ts";
import { type Card, type Figure, type Section, type Table, writeReport } from "./report.ts";

/** What a report of a generator is made from. */
export interface GeneratorReportOptions {
  /** Folder of the run, which may still be training. */
  readonly run: string;
  /** Folder of the page (default `report` in the run's). */
  readonly output?: string | undefined;
  /** File that `measureLevels` has written (default none). */
  readonly measures?: string | undefined;
}

/** A report of a generator, and where its training stands. */
export interface WrittenGeneratorReport {
  /** File of the page. */
  readonly page: string;
  /** Steps that each stage has taken, and of how many. */
  readonly stages: readonly {
    readonly stage: StageName;
    readonly step: number;
    readonly totalSteps: number;
  }[];
  /** Whether the generator's folder is written. */
  readonly finished: boolean;
}

/** A stage's logs and samples. */
interface StageRecord {
  readonly stage: StageName;
  readonly totalSteps: number;
  readonly batchSize: number;
  readonly steps: readonly LogRecord[];
  readonly epochs: readonly LogRecord[];
  /** Epochs that have a sheet. */
  readonly sampled: readonly number[];
}

/** What stages are called in headings. */
const TITLES: Readonly<Record<StageName, string>> = { autoencoder: "Autoencoder", unet: "UNet" };

/** What is measured after epochs, by its name in the log. */
const MEASURES: Readonly<Record<string, { readonly title: string; readonly yLabel: string }>> = {
  peakSignalToNoise: {
    title: "Reconstructions",
    yLabel: "peak signal-to-noise ratio of fixed images, in decibels",
  },
  distance: {
    title: "Distance to real images",
    yLabel: "Fréchet distance of variations at level 0, by the generator's image encoder",
  },
};

/** Lines of a log, none if the stage has not begun. */
async function logOf(path: string): Promise<readonly LogRecord[]> {
  return await ifThere(Deno.stat(path)) === undefined ? [] : await readJsonLines(path);
}

async function sampledEpochs(run: string, stage: StageName): Promise<number[]> {
  const folder = join(run, stage, "samples");
  if (await ifThere(Deno.stat(folder)) === undefined) return [];
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => sampleEpoch(name));
  return names.filter((epoch) => epoch !== undefined).sort((a, b) => a - b);
}

async function readStage(
  run: string,
  stage: StageName,
  { steps: totalSteps, batchSize }: { readonly steps: number; readonly batchSize: number },
): Promise<StageRecord> {
  return {
    ...{ stage, totalSteps, batchSize },
    steps: await logOf(join(run, stage, "steps.jsonl")),
    epochs: await logOf(join(run, stage, "epochs.jsonl")),
    sampled: await sampledEpochs(run, stage),
  };
}

function points(records: readonly LogRecord[], x: string, y: string): Point[] {
  return records.flatMap((record): Point[] => {
    const [a, b] = [record[x], record[y]];
    return typeof a === "number" && typeof b === "number" ? [[a, b]] : [];
  });
}

/** Steps that were taken, in words. */
function progressOf({ steps, totalSteps }: StageRecord): string {
  const taken = steps.at(-1)?.step ?? 0;
  return taken === totalSteps ? `all ${taken} steps` : `${taken} of ${totalSteps} steps so far`;
}

async function lossFigure({ stage, steps }: StageRecord): Promise<Figure> {
  const curve = points(steps, "step", "loss");
  const svg = await lineChart({
    title: `Loss of the ${stage === "unet" ? "UNet" : stage}`,
    xLabel: "step",
    yLabel: "loss of each step, smoothed, and the step's own behind it",
    series: [{ name: "loss", points: curve }],
    smoothing: 0.95,
  });
  const course = describeCurve(curve, { x: "step" });
  return { svg, caption: `The loss of each step. ${course}`, alt: `Loss. ${course}` };
}

/** Curves of what was measured after epochs. */
async function measureFigures({ epochs }: StageRecord): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [name, { title, yLabel }] of Object.entries(MEASURES)) {
    const curve = points(epochs, "epoch", name);
    if (curve.length === 0) continue;
    const course = describeCurve(curve, { x: "epoch" });
    const svg = await lineChart({
      ...{ title, xLabel: "epoch", yLabel },
      series: [{ name: title, points: curve }],
    });
    figures.push({ svg, caption: `${title}: ${yLabel}. ${course}`, alt: `${title}. ${course}` });
  }
  return figures;
}

async function stageSection(record: StageRecord, run: string): Promise<Section> {
  const { stage, steps, sampled, batchSize } = record;
  const title = TITLES[stage];
  if (steps.length === 0) return { title, text: "This stage has not begun." };
  const seconds = steps.map((step) => Number(step["seconds"])).sort((a, b) => a - b);
  const median = seconds[Math.floor(seconds.length / 2)]!;
  const figures = [await lossFigure(record), ...await measureFigures(record)];
  if (sampled.length > 0) {
    if (stage === "autoencoder") figures.push(await reconstructionFigure(run, sampled));
    else {
      const varied = await Promise.all(
        [0, 1].map((image) => variationFigure(run, sampled, image)),
      );
      figures.push(...varied.filter((figure) => figure !== undefined));
      figures.push(await newestFigure(run, sampled));
    }
  }
  return {
    title,
    text: `${progressOf(record)}, ${
      shortNumber(batchSize / median)
    } images a second at the median step.`,
    figures,
  };
}

/** A table of what was measured at each level. */
function measuresSection(
  { levels, originals, reconstructions, others, images, bank, encoder }: LevelMeasures,
): Section {
  const row = (name: string, { similarity, nearestIdentity, distance }: LevelMeasure) => [
    name,
    similarity.toFixed(3),
    percent(nearestIdentity),
    shortNumber(distance),
  ];
  return {
    title: "Variations by level",
    text:
      `One variation of each of ${images} images at each level, compared by ${encoder} with its original, and with a ` +
      `bank of ${bank} images: how often the nearest of them shows the same thing, and the Fréchet distance of all.`,
    tables: [{
      columns: ["images", "similarity to the original", "nearest is the same", "distance"],
      rows: [
        row("originals", originals),
        row("reconstructions", reconstructions),
        ...levels.map((measure) => row(`level ${measure.level}`, measure)),
        [
          "other images, or chance",
          others.similarity.toFixed(3),
          percent(others.nearestIdentity),
          "–",
        ],
      ],
    }],
  };
}

/** Sizes of the files of each part of the generator. */
async function sizesTable(folder: string): Promise<Table> {
  const rows: [string, string][] = [];
  let total = 0;
  for (const { name, isDirectory } of await Array.fromAsync(Deno.readDir(folder))) {
    if (!isDirectory) continue;
    let bytes = 0;
    for await (const file of Deno.readDir(join(folder, name))) {
      bytes += (await Deno.stat(join(folder, name, file.name))).size;
    }
    rows.push([name, (bytes / 1e6).toFixed(2)]);
    total += bytes;
  }
  rows.sort(([a], [b]) => a < b ? -1 : 1);
  return {
    columns: ["part", "megabytes"],
    rows: [...rows, ["all", (total / 1e6).toFixed(2)]],
    caption: "Sizes of the generator's parts",
  };
}

/** A configuration as rows, those of its stages under their names. */
function configurationRows(entries: object, prefix = ""): [string, string][] {
  return Object.entries(entries).flatMap(([name, value]): [string, string][] =>
    typeof value === "object" && !Array.isArray(value)
      ? configurationRows(value, `${prefix}${name}.`)
      : [[`${prefix}${name}`, typeof value === "string" ? value : JSON.stringify(value)]]
  );
}

function cardsOf(stages: readonly StageRecord[], finished: boolean): Card[] {
  return [
    { label: "State", value: finished ? "finished" : "in training" },
    ...stages.filter(({ steps }) => steps.length > 0).map((record) => ({
      label: `Loss of the ${TITLES[record.stage]}`,
      value: shortNumber(endsOf(points(record.steps, "step", "loss"))[1]),
      note: progressOf(record),
    })),
  ];
}

/**
 * Writes the report of a generator's training, which may still go on; an earlier page is replaced.
 *
 * @throws {Deno.errors.NotFound} if the folder holds no run of a generator
 * @throws {SyntaxError} if a file of it is damaged
 */
export async function reportGenerator(
  { run, output = join(run, "report"), measures }: GeneratorReportOptions,
): Promise<WrittenGeneratorReport> {
  const recorded = await explainingFileErrors(`read the run ${run}`, readGeneratorRun(run));
  const configuration = generatorConfiguration(recorded.configuration, configurationFile(run));
  const { data, imageSize, seed, autoencoder, unet } = configuration;
  const stages = [
    await readStage(run, "autoencoder", autoencoder),
    await readStage(run, "unet", unet),
  ];
  const model = join(run, "model");
  const finished = await ifThere(Deno.stat(model)) !== undefined;
  const from = recorded.from === undefined
    ? "trained from scratch"
    : `fine-tuned from ${recorded.from}`;
  const sections = await Promise.all(
    stages.map((stage) => stageSection(stage, run)),
  );
  if (measures) sections.push(measuresSection(await readLevelMeasures(measures)));
  sections.push({
    title: "Configuration",
    tables: [
      ...(finished ? [await sizesTable(model)] : []),
      { columns: ["option", "value"], rows: configurationRows(configuration) },
    ],
  });
  const page = await writeReport(output, {
    title: `A generator of ${data}`,
    subtitle: `${imageSize} px, seed ${seed}, ${from}`,
    cards: cardsOf(stages, finished),
    sections,
  }, { overwrite: true });
  const state = stages.map(({ stage, steps, totalSteps }) => ({
    ...{ stage, totalSteps },
    step: steps.at(-1)?.step ?? 0,
  }));
  return { page, stages: state, finished };
}
