/**
 * The sections of a training run's report that come from its logs: curves, configuration and timings.
 *
 * @module
 */
import type { LossRange } from "../method/manifest.ts";
import type { LogRecord } from "../files/json_lines.ts";
import type { RunLogs } from "../train/log/run_logs.ts";
import type { Point } from "../plot/curve.ts";
import { lineChart, type Rule } from "../plot/line_chart.ts";
import { COLLAPSED_SHARE } from "../train/run/run_guard.ts";
import { describeCurve, endsOf, percent, shortNumber } from "./describe_curve.ts";
import type { Section } from "./report.ts";

/** The points at which a record has a number of the name. */
function points(records: readonly LogRecord[], x: string, y: string): Point[] {
  return records.flatMap((record): Point[] => {
    const [a, b] = [record[x], record[y]];
    return typeof a === "number" && typeof b === "number" ? [[a, b]] : [];
  });
}

/** Where the end of a loss lies beside what is expected of a method. */
function judgeLoss(end: number, range: LossRange | undefined): string {
  if (range === undefined) return "";
  const { healthy, collapsed } = range;
  const where = `a healthy run ends (${healthy[0]} to ${healthy[1]})`;
  if (end >= healthy[0] && end <= healthy[1]) return ` That is where ${where}.`;
  const side = end > healthy[1] ? "above" : "below";
  const near = Math.abs(end - collapsed) < Math.min(...healthy.map((x) => Math.abs(end - x)))
    ? `, nearer to ${collapsed}, where the method has collapsed`
    : "";
  return ` That is ${side} where ${where}${near}.`;
}

/** The loss of each step, beside the values that are expected of the method. */
export async function lossSection(
  { steps }: Pick<RunLogs, "steps">,
  { title, lossRange }: { readonly title: string; readonly lossRange?: LossRange | undefined },
): Promise<Section> {
  const curve = points(steps, "step", "loss");
  const course = describeCurve(curve, { x: "step" });
  const svg = await lineChart({
    title: "Loss",
    xLabel: "step",
    yLabel: "loss of each step, smoothed, and the step's own behind it",
    series: [{ name: "loss", points: curve }],
    ...(lossRange && {
      bands: [
        { low: lossRange.healthy[0], high: lossRange.healthy[1], label: "healthy" },
        { low: lossRange.random[0], high: lossRange.random[1], label: "at random" },
      ],
      rules: [{ value: lossRange.collapsed, label: "collapsed" }],
    }),
    smoothing: 0.9,
  });
  return {
    title: "Loss",
    text: `${course}${judgeLoss(endsOf(curve)[1], lossRange)}` +
      (lossRange?.note ? `\n\nWhat to expect of ${title}: ${lossRange.note}` : ""),
    figures: [{
      svg,
      caption: `The loss of ${title}.` +
        (lossRange === undefined
          ? ""
          : " Shaded: the range at random weights, and the range where a healthy run ends."),
      alt: `Loss over ${steps.length} steps. ${course}`,
    }],
  };
}

/** The spread of the embeddings, the measure of collapse. */
export async function spreadSection(
  { steps }: Pick<RunLogs, "steps">,
  uniformSpread: number,
): Promise<Section> {
  const curve = points(steps, "step", "spread");
  const course = describeCurve(curve, { x: "step" });
  const share = endsOf(curve)[1] / uniformSpread;
  const svg = await lineChart({
    title: "Spread of the embeddings",
    xLabel: "step",
    yLabel: "standard deviation of the normalised embedding, mean over its coordinates",
    series: [{ name: "spread", points: curve }],
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
      "are useless. The spread tells: it is near that of uniform embeddings in a healthy run and 0 after collapse." +
      `\n\n${course} That is ${percent(share)} of the spread of uniform embeddings${
        share < COLLAPSED_SHARE ? ": the network has collapsed" : ""
      }.`,
    figures: [{
      svg,
      caption: "The measure of collapse of Chen & He 2021, section 4.1.",
      alt: `Spread over ${steps.length} steps, compared with ${
        shortNumber(uniformSpread)
      } of uniform embeddings. ${course}`,
    }],
  };
}

/** A metric after epochs, and the levels that it is read beside. */
export interface MetricWords {
  /** Heading of the section and title of the chart. */
  readonly title: string;
  /** What the metric is; how its curve goes is added from the numbers. */
  readonly text: string;
  /** What y is. */
  readonly yLabel: string;
  /** Levels that are drawn and named, such as that of chance. */
  readonly rules?: readonly Rule[];
}

/** A share after each epoch, epoch 0 being the untrained network; higher is better. */
export async function metricSection(
  { epochs }: Pick<RunLogs, "epochs">,
  metric: string,
  { title, text, yLabel, rules = [] }: MetricWords,
): Promise<Section> {
  const curve = points(epochs, "epoch", metric);
  const course = describeCurve(curve, { x: "epoch", format: percent, better: "higher" });
  const levels = rules.map(({ value, label }) => `${label} ${percent(value)}`).join(", ");
  const beside = levels === "" ? "" : ` For comparison: ${levels}.`;
  return {
    title,
    text: `${text}\n\n${course}${beside}`,
    figures: [{
      svg: await lineChart({
        title,
        xLabel: "epoch",
        yLabel,
        series: [{ name: title, points: curve }],
        rules,
      }),
      caption: `${title}, after each epoch that was evaluated; epoch 0 is the untrained network.`,
      alt: `${title}. ${course}${beside}`,
    }],
  };
}

function sum(records: readonly LogRecord[], name: string): number {
  return records.reduce((total, record) => total + Number(record[name] ?? 0), 0);
}

/** Where the time of the run went. */
export function timingSection({ description, steps, epochs }: RunLogs): Section {
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

/** All options of the run. */
export function configurationSection({ description }: RunLogs): Section {
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
