/**
 * Which metrics a run's charts show, and in which order.
 *
 * @module
 */
import type { Series } from "../api/runs.ts";

/** Metrics by what a reader asks first; those that no pattern names come after the last. */
const ORDER: readonly RegExp[] = [
  /^loss$/i,
  /spread/i,
  /knn/i,
  /probe|linear/i,
  /^learningRate$/i,
  /images\/s|imagesPerSecond/i,
  /wait/i,
  /lossScale|loss scale/i,
  /memory/i,
  /gradient/i,
];

function rankOf(name: string): number {
  const index = ORDER.findIndex((pattern) => pattern.test(name));
  return index < 0 ? ORDER.length : index;
}

/** Whether a metric does not scatter from step to step, so that smoothing would only shift it. */
export function isPlain(name: string): boolean {
  return /^(learningRate|lossScale|generatedViews)$|memory/i.test(name);
}

/** A metric's curve over steps, and over epochs where it has both. */
export interface MetricCurves {
  readonly name: string;
  readonly steps?: Series;
  readonly epochs?: Series;
}

/** Metrics in the order of their charts, each with its curves; what only the machinery reads is left out. */
export function orderedCurves(
  steps: readonly Series[],
  epochs: readonly Series[],
): MetricCurves[] {
  const names = [...new Set([...steps, ...epochs].map(({ name }) => name))]
    .filter((name) => name !== "waitSeconds" && name !== "step" && name !== "epoch");
  const places = new Map(names.map((name, i) => [name, rankOf(name) * names.length + i]));
  names.sort((a, b) => (places.get(a) as number) - (places.get(b) as number));
  return names.map((name) => {
    const bySteps = steps.find((series) => series.name === name);
    const byEpochs = epochs.find((series) => series.name === name);
    return {
      name,
      ...bySteps === undefined ? {} : { steps: bySteps },
      ...byEpochs === undefined ? {} : { epochs: byEpochs },
    };
  });
}
