/**
 * A chart of what pretraining has changed: figures of the weights before and after it.
 *
 * @module
 */
import type { EvaluationResult } from "../evaluate/mod.ts";
import { writeNewFile } from "../files/new_file.ts";
import { lineChart, toPng } from "../plot/mod.ts";

/** What a chart shows of an evaluation, for each number of steps in percent. */
interface ResultCurve {
  readonly name: string;
  readonly points: readonly [step: number, percent: number][];
}

/** The accuracies of each evaluation over the steps, the last of each kind at a step. */
function curvesOf(results: readonly EvaluationResult[]): ResultCurve[] {
  const curves = new Map<string, Map<number, number>>();
  for (const { name, figures: { top1 }, checkpoint: { step } } of results) {
    if (top1 === undefined) continue;
    const points = curves.get(name) ?? new Map<number, number>();
    curves.set(name, points.set(step, 100 * top1));
  }
  return [...curves].map(([name, points]) => ({
    name,
    points: [...points].sort(([a], [b]) => a - b),
  }));
}

/**
 * Draws the accuracies of evaluations over the steps of their checkpoints as a PNG file, with what a classifier reaches that
 * sees no image. One that is there is replaced; results without accuracies leave none.
 */
export async function drawResults(
  path: string,
  results: readonly EvaluationResult[],
): Promise<void> {
  const series = curvesOf(results);
  if (series.length === 0) return;
  const largest = results.flatMap(({ figures: { top1 }, chance: { majority } }) =>
    top1 === undefined || majority === undefined ? [] : [majority]
  );
  const svg = await lineChart({
    series,
    title: "Before and after pretraining",
    xLabel: "step",
    yLabel: "images given the right class, in percent",
    rules: largest.slice(0, 1).map((share) => ({ value: 100 * share, label: "largest class" })),
  });
  await writeNewFile(path, await toPng(svg), { overwrite: true });
}
