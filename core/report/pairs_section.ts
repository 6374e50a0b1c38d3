/**
 * The section of a report on quality-driven weights: how pairs of views were weighted, and which most and least.
 *
 * @module
 */
import { join } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import type { LogRecord } from "../files/json_lines.ts";
import { percent } from "./describe_curve.ts";
import type { Section } from "./report.ts";
import { readRunLogs } from "../train/log/run_logs.ts";

/** The mean over all steps of a log. */
function meanOf(steps: readonly LogRecord[], name: string): number {
  return steps.reduce((sum, step) => sum + Number(step[name]), 0) / steps.length;
}

/**
 * Similarities and weights of the pairs of a run that was trained with a quality encoder, and the pairs that its last
 * epoch has drawn.
 *
 * @param folder the run's
 * @param note a sentence on how the run compares with others
 * @throws {Deno.errors.NotFound} if the run has no log, or drew no pairs
 */
export async function pairsSection(folder: string, note = ""): Promise<Section> {
  const { steps, epochs, description } = await readRunLogs(folder);
  const last = epochs.at(-1)!;
  const path = join(folder, "pairs", `epoch-${Number(last["epoch"]) - 1}.png`);
  const { vis } = description.configuration;
  const rows: (readonly [string, string])[] = [
    ["mean similarity of the foregrounds", meanOf(steps, "foregroundSimilarity").toFixed(3)],
    ["mean similarity of the backgrounds", meanOf(steps, "backgroundSimilarity").toFixed(3)],
    ["largest weight of a step, in the mean", meanOf(steps, "largestPairWeight").toFixed(3)],
  ];
  if (typeof last["knnTop1"] === "number") {
    rows.push([`nearest neighbours after epoch ${last["epoch"]}`, percent(last["knnTop1"])]);
  }
  return {
    title: "Pairs by their quality",
    text:
      "Before each step a frozen network looks at both views of each pair: the more similar their foregrounds and the " +
      "less similar their backgrounds, the larger the weight of the pair." +
      (note === "" ? "" : `\n\n${note}`),
    tables: [{ columns: ["of this run", "value"], rows }],
    figures: [{
      png: await explainingFileErrors(`read ${path}`, Deno.readFile(path)),
      caption:
        "Pairs of the first step of the last epoch, from the largest weight to the smallest: views, their foreground " +
        "maps, similarities and weight.",
      alt: `The ${vis} pairs of most and least weight, with their foreground maps`,
    }],
  };
}
