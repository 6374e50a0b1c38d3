/**
 * Parts of a data set.
 *
 * @module
 */
import type { Dataset } from "./dataset.ts";
import { datasetOf } from "./dataset_of.ts";

/**
 * Some samples of a data set, in this order.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { datasetOf, fileSource } from "./dataset_of.ts";
 * import { subset } from "./subset.ts";
 *
 * const all = datasetOf("all", 3, (i) => ({ key: `${i}.jpg`, source: fileSource(`${i}.jpg`) }));
 * assertEquals(subset(all, [2, 0]).sample(0).key, "2.jpg");
 * ```
 *
 * @param indices of the samples
 */
export function subset(dataset: Dataset, indices: readonly number[]): Dataset {
  const sample = (i: number) => dataset.sample(indices[i]!);
  return datasetOf(dataset.name, indices.length, sample, dataset.classes);
}

/**
 * How many samples of each run are left.
 *
 * @param indices of those that are left, in ascending order
 */
export function remainingRuns(runs: readonly number[], indices: readonly number[]): number[] {
  let [end, next] = [0, 0];
  return runs.map((run) => {
    end += run;
    const first = next;
    while (next < indices.length && indices[next]! < end) next++;
    return next - first;
  });
}

/** Indices of the first sample of each key: an image that is listed twice is taken once. */
export function uniqueIndices(dataset: Dataset): number[] {
  const seen = new Set<string>();
  const indices: number[] = [];
  for (let i = 0; i < dataset.length; i++) {
    const { key } = dataset.sample(i);
    if (seen.has(key)) continue;
    seen.add(key);
    indices.push(i);
  }
  return indices;
}
