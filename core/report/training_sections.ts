/**
 * The sections of a training run's report that its logs tell: curves, configuration and timings.
 *
 * @module
 */
import { join } from "node:path";
import type { Manifest } from "../method/manifest.ts";
import { type LogRecord, readJsonLines } from "../files/json_lines.ts";
import type { RunDescription } from "../train/run/run_description.ts";
import type { Point } from "../plot/curve.ts";
import { lineChart } from "../plot/line_chart.ts";
import type { Section } from "./report.ts";

/** The logs of a run, as its folder holds them. */
export interface RunRecord {
  readonly description: RunDescription;
  readonly steps: readonly LogRecord[];
  readonly epochs: readonly LogRecord[];
}

/** Reads the logs of a run. */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  return {
    description: JSON.parse(await Deno.readTextFile(join(folder, "configuration.json"))),
    steps: await readJsonLines(join(folder, "steps.jsonl")),
    epochs: await readJsonLines(join(folder, "epochs.jsonl")),
  };
}

/** The points at which a record has a number of the name. */
function points(records: readonly LogRecord[], x: string, y: string): Point[] {
  return records.flatMap((record): Point[] => {
    const [a, b] = [record[x], record[y]];
    return typeof a === "number" && typeof b === "number" ? [[a, b]] : [];
  });
}

/** The loss of each step, with what it is expected to be. */
export async function lossSection(
  { steps }: RunRecord,
  { title, lossRange }: Pick<Manifest, "title" | "lossRange">,
): Promise<Section> {
  const { random, healthy, collapsed } = lossRange;
  const svg = await lineChart({
    title: "Loss",
    xLabel: "step",
    yLabel: "loss of each step, smoothed, and the step's own behind it",
    series: [{ name: "loss", points: points(steps, "step", "loss") }],
    bands: [
      { low: healthy[0], high: healthy[1], label: "healthy" },
      { low: random[0], high: random[1], label: "at random" },
    ],
    rules: [{ value: collapsed, label: "collapsed" }],
    smoothing: 0.9,
  });
  return {
    title: "Loss",
    text: lossRange.note,
    figures: [{
      svg,
      caption:
        `The loss of ${title}. Shaded: where a network of random weights is, and where a healthy run ends.`,
      alt: `Loss over ${steps.length} steps, from ${steps[0]?.["loss"]} to ${
        steps.at(-1)?.["loss"]
      }`,
    }],
  };
}

/** The spread of the embeddings, the measure of collapse. */
export async function spreadSection(
  { steps }: RunRecord,
  uniformSpread: number,
): Promise<Section> {
  const svg = await lineChart({
    title: "Spread of the embeddings",
    xLabel: "step",
    yLabel: "standard deviation of the normalised embedding, mean over its coordinates",
    series: [{ name: "spread", points: points(steps, "step", "spread") }],
    rules: [{ value: uniformSpread, label: "uniform, 1/sqrt(D)" }, {
      value: 0,
      label: "collapsed",
    }],
    smoothing: 0.9,
  });
  return {
    title: "Spread of the embeddings",
    text:
      "A network that maps every image to the same point has collapsed: its loss looks perfect and its features " +
      "are useless. The spread tells: it is near that of uniform embeddings in a healthy run and 0 after collapse.",
    figures: [{
      svg,
      caption: "The measure of collapse of Chen & He 2021, section 4.1.",
      alt: `Spread over ${steps.length} steps, ending at ${steps.at(-1)?.["spread"]}`,
    }],
  };
}

/** A metric after each epoch, epoch 0 being the untrained network. */
export async function metricSection(
  { epochs }: RunRecord,
  metric: string,
  words: { readonly title: string; readonly text: string; readonly yLabel: string },
  rules: readonly { readonly value: number; readonly label: string }[] = [],
): Promise<Section> {
  const series = points(epochs, "epoch", metric);
  const svg = await lineChart({
    title: words.title,
    xLabel: "epoch",
    yLabel: words.yLabel,
    series: [{ name: words.title, points: series }],
    rules,
  });
  return {
    title: words.title,
    text: words.text,
    figures: [{
      svg,
      caption: `${words.title} after each epoch; epoch 0 is the untrained network.`,
      alt: `${words.title}, from ${series[0]?.[1]} to ${series.at(-1)?.[1]}`,
    }],
  };
}

function sum(records: readonly LogRecord[], name: string): number {
  return records.reduce((total, record) => total + Number(record[name] ?? 0), 0);
}

/** Where the time of the run went. */
export function timingSection({ description, steps, epochs }: RunRecord): Section {
  const { batchSize } = description.configuration;
  const computed = sum(steps, "seconds");
  const waited = sum(epochs, "waitSeconds");
  const sorted = steps.map((record) => Number(record["seconds"])).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  return {
    title: "Time",
    tables: [{
      columns: ["what", "value"],
      rows: [
        ["steps", steps.length],
        ["seconds in steps", computed.toFixed(1)],
        ["seconds waiting for images", waited.toFixed(1)],
        ["median seconds a step", median.toFixed(4)],
        ["images a second at the median", (batchSize / median).toFixed(1)],
        [
          "images a second, the wait included",
          (batchSize * steps.length / (computed + waited)).toFixed(1),
        ],
      ],
      caption: "An image counts once, however many views it gives.",
    }],
  };
}

/** Everything that determines the run. */
export function configurationSection({ description }: RunRecord): Section {
  const { method, configuration } = description;
  return {
    title: "Configuration",
    tables: [{
      columns: ["option", "value"],
      rows: [
        ["method", method],
        ...Object.entries(configuration).map(([name, value]) => [
          name,
          typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value),
        ]),
      ],
    }],
  };
}
