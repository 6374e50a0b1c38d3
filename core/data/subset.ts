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
 * So many samples evenly out of all of a data set, in its order; all of them when 0, or when there are no more.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { datasetOf, fileSource } from "./dataset_of.ts";
 * import { evenSubset } from "./subset.ts";
 *
 * const all = datasetOf("all", 6, (i) => ({ key: `${i}.jpg`, source: fileSource(`${i}.jpg`) }));
 * assertEquals(evenSubset(all, 2).sample(1).key, "3.jpg");
 * assertEquals(evenSubset(all, 0).length, 6);
 * ```
 */
export function evenSubset(dataset: Dataset, count: number): Dataset {
  if (count === 0 || count >= dataset.length) return dataset;
  const index = (i: number) => Math.floor((i * dataset.length) / count);
  return subset(dataset, Array.from({ length: count }, (_, i) => index(i)));
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
