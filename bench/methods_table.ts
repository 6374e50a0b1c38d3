/**
 * What a comparison of methods came to, as a table in Markdown and as a picture.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { lineChart, toPng } from "../core/plot/mod.ts";
import { type FeatureScores, SCORES } from "./judge_backbone.ts";
import type { Cell } from "./methods_cell.ts";
import { percent, type Spread, spreadOf, tableRow, tableRule } from "./spread.ts";

/** A finished cell. */
export interface CellResult extends Cell, FeatureScores {
  readonly epochs: number;
  readonly imageSize: number;
  readonly minutes: number;
}

function scoresOf(
  results: readonly CellResult[],
  { method, side }: Pick<Cell, "method" | "side">,
  score: keyof FeatureScores,
): Spread | undefined {
  const found = results.filter((result) => result.method === method && result.side === side);
  return found.length === 0 ? undefined : spreadOf(found.map((result) => result[score]));
}

/**
 * Whether ours is not worse beyond the seeds' spread: by no more than both deviations together.
 *
 * @param ours of the seeds
 * @param theirs of the same seeds
 */
export function notWorse(ours: Spread, theirs: Spread): boolean {
  return ours.mean >= theirs.mean - Math.hypot(ours.deviation, theirs.deviation);
}

/** A table with a row for each method: mean and deviation over seeds in percent, ours beside lightly's. */
export function methodsTable(results: readonly CellResult[], methods: readonly string[]): string {
  const scores = Object.entries(SCORES) as [keyof FeatureScores, string][];
  const seeds = new Set(results.map(({ seed }) => seed)).size;
  const header = [
    "method",
    ...scores.flatMap(([, name]) => [name, `${name}, lightly`]),
    ...(seeds > 1 ? ["not worse"] : []),
  ];
  const rows = methods.map((method) => {
    const both = scores.map(([score]) =>
      (["ours", "lightly"] as const).map((side) => scoresOf(results, { method, side }, score))
    );
    const judged = both.every(([ours, theirs]) => ours !== undefined && theirs !== undefined);
    return [
      method,
      ...both.flat().map((spread) => spread === undefined ? "" : percent(spread, seeds)),
      ...(seeds < 2 ? [] : [judged ? both.every(([a, b]) => notWorse(a!, b!)) ? "yes" : "no" : ""]),
    ];
  });
  return [tableRow(header), tableRule(header.length), ...rows.map(tableRow)].join("\n");
}

/**
 * A line for each score: the mean over all methods and seeds of what ours has more than lightly's, with the deviation of
 * that mean. Of many single comparisons some go either way by chance; this one does not.
 */
export function describeDifferences(results: readonly CellResult[]): string {
  const lines = (Object.entries(SCORES) as [keyof FeatureScores, string][]).map(([score, name]) => {
    const differences = results.filter(({ side }) => side === "ours").flatMap((ours) => {
      const theirs = results.find(({ method, seed, side }) =>
        side === "lightly" && method === ours.method && seed === ours.seed
      );
      return theirs === undefined ? [] : [ours[score] - theirs[score]];
    });
    if (differences.length < 2) return `${name}: too few pairs`;
    const { mean, deviation } = spreadOf(differences);
    const error = deviation / Math.sqrt(differences.length);
    return `${name}: ours less lightly's ${(100 * mean).toFixed(2)} ± ${
      (100 * error).toFixed(2)
    } ` +
      `points over ${differences.length} pairs of a method and seed`;
  });
  return lines.join("\n");
}

/** Where the dashes of each side begin beside a method's number, and how long all of them are together. */
const BEGIN = { ours: -0.36, lightly: 0.04 } as const;
const LENGTH = 0.32;

/** A picture of the nearest neighbours' accuracy: a dash for each seed of a method on either side. */
export async function methodsChart(
  results: readonly CellResult[],
  methods: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const [first] = results;
  const each = LENGTH / (1 + Math.max(...results.map(({ seed }) => seed)));
  const series = (["ours", "lightly"] as const).map((side) => ({
    name: side,
    points: methods.flatMap((method, i) =>
      results.filter((result) => result.method === method && result.side === side)
        .toSorted((one, other) => one.seed - other.seed)
        .flatMap(({ seed, knnTop1 }) => {
          const x = i + 1 + BEGIN[side] + seed * each;
          const y = 100 * knnTop1;
          // What is no number keeps a line from joining dashes.
          return [[x, y] as const, [x + 0.8 * each, y] as const, [x + 0.9 * each, NaN] as const];
        })
    ).slice(0, -1),
  })).filter(({ points }) => points.length > 0);
  const { epochs, imageSize } = first!;
  const svg = await lineChart({
    title: `Nearest neighbours after ${counted(epochs, "epoch")} on emoji of ` +
      `${imageSize} px, each dash a seed`,
    xLabel: methods.map((method, i) => `${i + 1} ${method}`).join(", "),
    yLabel: "top-1, %",
    series,
  });
  return await toPng(svg);
}
