/**
 * The section of a report on evaluations.
 *
 * @module
 */
import { type EvaluationResult, resultsTables } from "../evaluate/mod.ts";
import type { Section } from "./report.ts";

/**
 * Tables of the results of a run's checkpoints, one for each pair of data sets.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resultsSection } from "./results_section.ts";
 *
 * const data = { data: "photos", samples: 8, skipped: 0 };
 * const result = {
 *   protocol: "knn" as const,
 *   name: "kNN k=1 T=0.07",
 *   recipe: "nearest neighbours",
 *   figures: { top1: 0.75, top5: 1 },
 *   chance: { classes: 2, balanced: 0.5, balancedTop5: 1, majority: 0.5 },
 *   train: data,
 *   test: data,
 *   overlap: 0,
 *   imageSize: 32,
 *   seed: 0,
 *   encoder: "online" as const,
 *   checkpoint: { step: 0, epoch: 0, path: "initial weights" },
 *   device: "cpu",
 *   at: "2026-01-01T00:00:00Z",
 * };
 * const { tables } = resultsSection("run", [result]);
 * assertEquals(tables![0]!.rows, [["run (initial weights)", "75.00 / 100.00"]]);
 * ```
 *
 * @param name what the run is called
 */
export function resultsSection(name: string, results: readonly EvaluationResult[]): Section {
  return {
    title: "Evaluation",
    text:
      "What the features know of the labels, which training has not seen: shares of images given the right class, in " +
      "percent, the first guess before the first five.",
    tables: resultsTables([{ run: name, results }]).map(({ title, columns, rows }) => ({
      columns: ["checkpoint", ...columns],
      rows: rows.map(({ name, cells }) => [name, ...cells.map((cell) => cell ?? "")]),
      caption: title,
    })),
  };
}
