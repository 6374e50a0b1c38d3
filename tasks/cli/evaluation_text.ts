/**
 * Results of evaluations for people.
 *
 * @module
 */
import { counted } from "../../core/schema/counted.ts";
import type { ChanceLevel } from "../../core/evaluate/chance.ts";
import { checkpointName, classChance, type EvaluationResult } from "../../core/evaluate/results.ts";
import type { ResultsTable } from "../../core/evaluate/results_table.ts";
import { alignedTable, markdownTable } from "./table_text.ts";

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** Accuracies, each beside those of a classifier that sees no image. */
function accuracy(
  { top1, top5 }: Readonly<Record<string, number>>,
  { classes, balanced, balancedTop5, majority }: ChanceLevel,
): string {
  return `${percent(top1!)} top-1 (chance ${
    percent(balanced)
  }, ${classes} classes; most frequent class ${percent(majority)}), ${
    percent(top5!)
  } top-5 (chance ${percent(balancedTop5)})`;
}

/** How training and test images were kept apart, in words. */
function describeSplit({ split, train, test }: EvaluationResult): string {
  switch (split) {
    case "test images left out":
      return `; test images are training images too and are left out of its training: trained on ${train.samples}, tested on ${test.samples}`;
    case "held out":
      return `; test images are training images too, so that it is trained on ${train.samples} and tested on ${test.samples} held out by seed`;
    default:
      return train.share === undefined ? "" : `; trained on ${counted(train.samples, "image")}`;
  }
}

function describeRetrieval({ figures, chance }: EvaluationResult): string {
  const level = chance as Readonly<Record<string, number>>;
  const both = (from: Readonly<Record<string, number>>, rank: 1 | 5) =>
    `${percent(from[`recallAt${rank}`]!)} and ${percent(from[`backwardRecallAt${rank}`]!)}`;
  return `counterpart found first, there and back: ${both(figures, 1)} (chance ${
    both(level, 1)
  }); among five: ${both(figures, 5)} (chance ${both(level, 5)})`;
}

/** One result in a line, its figures beside their chance levels, with its recipe. */
export function describeResult(result: EvaluationResult): string {
  const chance = classChance(result);
  if (chance === undefined) return describeRetrieval(result);
  const { name, recipe, figures } = result;
  return `${name}: ${accuracy(figures, chance)}${describeSplit(result)}\n  ${recipe}`;
}

/** Neighbours in one table: rows by their number, columns by temperature. */
function describeNeighbors(results: readonly EvaluationResult[]): string {
  if (results.length === 1) return describeResult(results[0]!);
  const parts = results.map(({ name, figures: { top1, top5 } }) => {
    const [, k, votes] = /^kNN (k=\d+) (.*)$/.exec(name)!;
    return { k: k!, votes: votes!, cell: `${percent(top1!)} / ${percent(top5!)}` };
  });
  const columns = [...new Set(parts.map(({ votes }) => votes))];
  const rows = [...Map.groupBy(parts, ({ k }) => k)].map(([k, found]) => [
    k,
    ...columns.map((column) => found.find(({ votes }) => votes === column)?.cell ?? ""),
  ]);
  const { balanced, balancedTop5, classes, majority } = classChance(results[0]!)!;
  return `nearest neighbours, top-1 / top-5 (chance ${percent(balanced)} / ${
    percent(balancedTop5)
  }, ${classes} classes; most frequent class ${percent(majority)}):\n${
    alignedTable({ header: ["kNN", ...columns], rows })
  }`;
}

/** All results of an evaluation, and what they are of. */
export function describeResults(results: readonly EvaluationResult[], log?: string): string {
  const [first] = results;
  if (first === undefined) return "";
  const { checkpoint, encoder, overlap, test } = first;
  const data = test.heldOut === undefined
    ? `${test.data} by ${first.train.data}`
    : `${percent(test.heldOut)} of each class of ${test.data}, held out by seed, by the others`;
  const neighbors = results.filter(({ protocol }) => protocol === "knn");
  // Of what was trained on a part the first result knows best, which is that of neighbours where there is one.
  const skipped = Map.groupBy(
    [...neighbors, ...results].flatMap(({ train, test }) => [train, test])
      .filter(({ skipped }) => skipped > 0),
    ({ data }) => data,
  );
  return [
    `${checkpointName(checkpoint)}, ${encoder} encoder: ${data}`,
    ...(neighbors.length > 0 ? [describeNeighbors(neighbors)] : []),
    ...(neighbors.length > 0 && overlap > 0
      ? [
        `  ${overlap} of the ${
          neighbors[0]!.test.samples
        } test images are training images too; each is left out of its own neighbours`,
      ]
      : []),
    ...results.filter(({ protocol }) => protocol !== "knn").map(describeResult),
    ...[...skipped].map(([data, sets]) =>
      `${sets[0]!.skipped} of ${
        sets[0]!.samples + sets[0]!.skipped
      } images of ${data} cannot be read and are left out`
    ),
    ...(log === undefined ? [] : [`added to ${log}`]),
  ].join("\n");
}

/**
 * Tables of several runs.
 *
 * @param options.lacking runs that have no results
 */
export function describeTables(
  tables: readonly ResultsTable[],
  { markdown, lacking }: { readonly markdown: boolean; readonly lacking: readonly string[] },
): string {
  const parts = tables.map(({ title, columns, rows }) => {
    const table = {
      header: ["top-1 / top-5 in %", ...columns],
      rows: rows.map(({ name, cells }) => [name, ...cells.map((cell) => cell ?? "–")]),
    };
    return markdown
      ? `**${title}**\n\n${markdownTable(table)}`
      : `${title}\n${alignedTable(table)}`;
  });
  if (lacking.length > 0) parts.push(`not evaluated: ${lacking.join(", ")}`);
  return parts.join("\n\n");
}
