/**
 * Results of several runs side by side.
 *
 * @module
 */
import { counted } from "../schema/counted.ts";
import { CLIP_NORMALIZATION } from "../data/views/presets.ts";
import { isSameValue } from "../schema/same_value.ts";
import { checkpointName, classChance, type EvaluationResult } from "./results.ts";

/** A table of results on the same data. */
export interface ResultsTable {
  /** What was classified by what, and the chance level. */
  readonly title: string;
  /** Names of the protocols. */
  readonly columns: readonly string[];
  /** One row for each run, checkpoint, encoder and seed. */
  readonly rows: readonly {
    readonly name: string;
    /** Figures by column; absent where the run was not evaluated so. */
    readonly cells: readonly (string | undefined)[];
  }[];
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

function cellOf({ figures }: EvaluationResult): string {
  const { top1, top5, recallAt1, recallAt5 } = figures;
  const [first, firstFive] = [top1 ?? recallAt1, top5 ?? recallAt5];
  if (first !== undefined && firstFive !== undefined) {
    return `${percent(first)} / ${percent(firstFive)}`;
  }
  // Of a protocol that a later version has.
  return Object.entries(figures).map(([name, share]) => `${name} ${percent(share)}`).join(", ");
}

function dataOf({ train, test, overlap, classes }: EvaluationResult): string {
  const chosen = classes === undefined ? "" : `, classes of ${classes}`;
  if (test.heldOut !== undefined) {
    return `${percent(test.heldOut)} % of each class of ${train.data} by the others${chosen}`;
  }
  const shared = overlap > 0 ? ` (${counted(overlap, "image is", "images are")} in both)` : "";
  return `${test.data} by ${train.data}${shared}${chosen}`;
}

function titleOf(results: readonly EvaluationResult[]): string {
  const chance = results.flatMap((result) => classChance(result) ?? [])[0];
  const level = chance === undefined
    ? ""
    : `; ${chance.classes} classes, chance ${percent(chance.balanced)} / ${
      percent(chance.balancedTop5)
    }`;
  return `${dataOf(results[0]!)}${level}`;
}

function rowName(
  run: string,
  { checkpoint, encoder, seed, normalize }: EvaluationResult,
): string {
  const parts = [checkpointName(checkpoint)];
  if (isSameValue(normalize, CLIP_NORMALIZATION)) parts.push("CLIP statistics");
  if (encoder !== "online") parts.push(`${encoder} encoder`);
  if (seed !== 0) parts.push(`seed ${seed}`);
  return `${run} (${parts.join(", ")})`;
}

/** The latest of results, by when they ended. */
function latest(results: readonly EvaluationResult[]): EvaluationResult | undefined {
  return results.toSorted((a, b) => a.at < b.at ? -1 : 1).at(-1);
}

/**
 * Tables of the results of several runs, one for each pair of data sets; figures are percentages, top-1 before top-5.
 * Names of protocols say what differs from their recipes, so that a column holds what can be compared.
 */
export function resultsTables(
  runs: readonly { readonly run: string; readonly results: readonly EvaluationResult[] }[],
): ResultsTable[] {
  const all = runs.flatMap(({ run, results }) =>
    results.map((result) => ({ result, row: rowName(run, result) }))
  );
  return [...Map.groupBy(all, ({ result }) => dataOf(result)).values()].map((group) => {
    const columns = [...new Set(group.map(({ result }) => result.name))];
    const rows = [...Map.groupBy(group, ({ row }) => row)].map(([name, found]) => ({
      name,
      cells: columns.map((column) => {
        const result = latest(
          found.flatMap(({ result }) => result.name === column ? [result] : []),
        );
        return result && cellOf(result);
      }),
    }));
    return { title: titleOf(group.map(({ result }) => result)), columns, rows };
  });
}
