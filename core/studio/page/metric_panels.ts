/**
 * Which metrics a run's charts show, in which order, and what they are called where the server says nothing of them.
 *
 * @module
 */
import { METRIC_LABELS } from "../api/metric_labels.ts";
import type { Series } from "../api/runs.ts";
import { wordsOfName } from "./format.ts";

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

/** A name and a unit for people; of a generator's stage the name says which. */
export function labelOf(name: string): { readonly label: string; readonly unit: string } {
  const own = name.slice(name.lastIndexOf("/") + 1);
  const known = Object.hasOwn(METRIC_LABELS, own) ? METRIC_LABELS[own] : undefined;
  if (known !== undefined) {
    const stage = name.slice(0, -own.length - 1);
    return stage === "" ? known : { ...known, label: `${known.label} of the ${stage}` };
  }
  // What an evaluation found is named in words, such as `kNN k=20 T=0.07 top1`.
  if (name.includes(" ")) return { label: name, unit: "" };
  const words = wordsOfName(name);
  return { label: words.charAt(0).toUpperCase() + words.slice(1), unit: "" };
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
