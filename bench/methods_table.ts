/**
 * What a comparison of methods came to, as a table in Markdown and as a picture.
 *
 * @module
 */
import { lineChart, toPng } from "../core/plot/mod.ts";
import type { Cell, CellScores } from "./methods_cell.ts";

/** A finished cell. */
export interface CellResult extends Cell, CellScores {
  readonly epochs: number;
  readonly imageSize: number;
  readonly minutes: number;
}

/** The scores, and what they are called in a table. */
const SCORES: Readonly<Record<keyof CellScores, string>> = {
  knnTop1: "kNN",
  probeTop1: "linear probe",
  recallAt1: "retrieval",
};

/** A mean over seeds and how far they spread: the deviation of a sample of them, 0 of one. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/** The mean and spread of the seeds' scores. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}

function scoresOf(
  results: readonly CellResult[],
  { method, side }: Pick<Cell, "method" | "side">,
  score: keyof CellScores,
): Spread | undefined {
  const found = results.filter((result) => result.method === method && result.side === side);
  return found.length === 0 ? undefined : spreadOf(found.map((result) => result[score]));
}

function percent({ mean, deviation }: Spread, seeds: number): string {
  const value = (100 * mean).toFixed(1);
  return seeds < 2 ? value : `${value} ± ${(100 * deviation).toFixed(1)}`;
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
  const scores = Object.entries(SCORES) as [keyof CellScores, string][];
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
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = line(header.map((_, i) => i === 0 ? "---" : "---:"));
  return [line(header), rule, ...rows.map(line)].join("\n");
}

/** A picture of the nearest neighbours' accuracy: a point for each method on either side, methods from the left. */
export async function methodsChart(
  results: readonly CellResult[],
  methods: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const [first] = results;
  const series = (["ours", "lightly"] as const).map((side) => ({
    name: side,
    points: methods.flatMap((method, i) => {
      const spread = scoresOf(results, { method, side }, "knnTop1");
      return spread === undefined ? [] : [[i + 1, 100 * spread.mean] as const];
    }),
  })).filter(({ points }) => points.length > 0);
  const svg = await lineChart({
    title: `Nearest neighbours after ${first!.epochs} epochs on emoji of ${first!.imageSize} px`,
    xLabel: methods.map((method, i) => `${i + 1} ${method}`).join(", "),
    yLabel: "top-1, %",
    series,
  });
  return await toPng(svg);
}
