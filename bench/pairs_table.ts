/**
 * What a comparison of pairs came to, as a table and as a picture.
 *
 * @module
 */
import { lineChart, toPng } from "../core/plot/mod.ts";
import { type FeatureScores, SCORES } from "./judge_backbone.ts";
import { rivalOf } from "./pairs_cells.ts";
import { percent, type Spread, spreadOf, tableRow, tableRule } from "./spread.ts";

/** The scores of a seed. */
export interface SeedScores extends FeatureScores {
  readonly seed: number;
}

/** What a cell came to. */
export interface PairResult {
  readonly name: string;
  /** By seed; one without a seed of what does not depend on any. */
  readonly scores: readonly SeedScores[];
}

/** Names of what stands beside the cells. */
export const INITIAL = "random initialisation";
/** The same of pixels. */
export const PIXELS = "raw pixels";

type ScoreName = keyof FeatureScores;

/** A row of the table, as numbers. */
export interface PairRow {
  readonly name: string;
  /** Seeds that are done. */
  readonly seeds: number;
  readonly scores: Readonly<Record<ScoreName, Spread>>;
  /** The cell that it is compared with, and what it has more, seed by seed; absent where there is none. */
  readonly less?: {
    readonly name: string;
    readonly seeds: number;
    readonly differences: Readonly<Record<ScoreName, Spread>>;
  };
}

const NAMES = Object.keys(SCORES) as ScoreName[];

function ofEach<T>(value: (name: ScoreName) => T): Record<ScoreName, T> {
  return Object.fromEntries(NAMES.map((name) => [name, value(name)])) as Record<ScoreName, T>;
}

/** The scores of two cells by the seeds that both have. */
function pairedScores(
  { scores }: PairResult,
  rival: PairResult,
): (readonly [SeedScores, SeedScores])[] {
  const bySeed = new Map(rival.scores.map((each) => [each.seed, each]));
  return scores.flatMap((own) => {
    const other = bySeed.get(own.seed);
    return other === undefined ? [] : [[own, other] as const];
  });
}

/**
 * The rows of the table: mean and deviation over seeds, and of the differences, seed by seed, from the cell that it is
 * compared with.
 */
export function pairRows(results: readonly PairResult[]): PairRow[] {
  const byName = new Map(results.map((result) => [result.name, result]));
  return results.filter(({ scores }) => scores.length > 0).map((result) => {
    const { name, scores } = result;
    const isCell = name !== INITIAL && name !== PIXELS;
    const rival = byName.get((isCell ? rivalOf(name) : undefined) ?? "");
    const both = rival === undefined ? [] : pairedScores(result, rival);
    return {
      name,
      seeds: scores.length,
      scores: ofEach((score) => spreadOf(scores.map((each) => each[score]))),
      ...(both.length > 0 && {
        less: {
          name: rival!.name,
          seeds: both.length,
          differences: ofEach((score) =>
            spreadOf(both.map(([own, other]) => own[score] - other[score]))
          ),
        },
      }),
    };
  });
}

function difference(spread: Spread, seeds: number): string {
  return `${spread.mean < 0 ? "" : "+"}${percent(spread, seeds)}`;
}

/** The table in Markdown, all figures in percent. */
export function pairsTable(rows: readonly PairRow[]): string {
  const names = Object.values(SCORES);
  const header = [
    "pairs",
    "seeds",
    ...names,
    "less",
    ...names.map((name) => `${name}, difference`),
  ];
  const cells = rows.map(({ name, seeds, scores, less }) => [
    ...[name, String(seeds), ...NAMES.map((score) => percent(scores[score], seeds))],
    less?.name ?? "",
    ...NAMES.map((score) =>
      less === undefined ? "" : difference(less.differences[score], less.seeds)
    ),
  ]);
  return [tableRow(header), tableRule(header.length), ...cells.map(tableRow)].join("\n");
}

/** A picture of the nearest neighbours' accuracy: a dash for each seed of a cell, and lines of what stands beside them. */
export async function pairsChart(results: readonly PairResult[]): Promise<Uint8Array<ArrayBuffer>> {
  const isBeside = ({ name }: PairResult) => name === INITIAL || name === PIXELS;
  const done = results.filter(({ scores }) => scores.length > 0);
  const cells = done.filter((result) => !isBeside(result));
  const points = cells.flatMap(({ scores }, i) =>
    scores.flatMap(({ knnTop1 }, at) => {
      const each = 0.7 / scores.length;
      const [x, y] = [i + 0.65 + at * each, 100 * knnTop1];
      // What is no number keeps a line from joining dashes.
      return [[x, y] as const, [x + 0.8 * each, y] as const, [x + 0.9 * each, NaN] as const];
    })
  );
  const rules = [...cells.filter(({ name }) => name === "ordinary"), ...done.filter(isBeside)]
    .map(({ name, scores }) => ({
      value: 100 * spreadOf(scores.map(({ knnTop1 }) => knnTop1)).mean,
      label: name,
    }));
  const svg = await lineChart({
    title: "Nearest neighbours by the kind of pairs, each dash a seed",
    // Names of a whole sweep would be wider than the picture.
    xLabel: "row of the table",
    yLabel: "top-1, %",
    series: [{ name: "cells", points: points.slice(0, -1) }],
    rules,
  });
  return await toPng(svg);
}
