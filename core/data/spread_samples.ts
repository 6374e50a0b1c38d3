/**
 * A few samples that stand for all of a data set.
 *
 * @module
 */
import type { Dataset } from "./dataset.ts";
import { evenIndices } from "./even_indices.ts";

/** How many of `count` samples each class gives: as equal as their sizes allow. */
function shares(sizes: readonly number[], count: number): number[] {
  const taken = sizes.map(() => 0);
  for (let left = count; left > 0;) {
    const open = [...sizes.keys()].filter((c) => taken[c]! < sizes[c]!);
    const next = evenIndices(open.length, left).map((at) => open[at]!);
    for (const c of next) taken[c]!++;
    left -= next.length;
  }
  return taken;
}

/**
 * Some samples that show what a data set holds: as many of every class as of the others, and of each class, or of data
 * without labels, evenly from the first to the last.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { datasetOf, fileSource } from "./dataset_of.ts";
 *
 * const sorted = datasetOf("pets", 12, (i) => ({
 *   key: `${i}.jpg`,
 *   source: fileSource(`${i}.jpg`),
 *   label: i < 8 ? 0 : 1,
 * }));
 * assertEquals(spreadSamples(sorted, [...Array(12).keys()], 4), [2, 6, 9, 11]);
 * ```
 *
 * @param indices of the samples to choose from
 * @param count how many, at most
 * @returns their indices, in the order of `indices`
 */
export function spreadSamples(
  dataset: Dataset,
  indices: readonly number[],
  count: number,
): number[] {
  if (count >= indices.length) return [...indices];
  const classes = new Map<number | undefined, number[]>();
  for (const [at, index] of indices.entries()) {
    const { label } = dataset.sample(index);
    const members = classes.get(label);
    if (members === undefined) classes.set(label, [at]);
    else members.push(at);
  }
  const groups = [...classes.values()];
  const taken = shares(groups.map(({ length }) => length), count);
  const chosen = groups.flatMap((members, c) =>
    evenIndices(members.length, taken[c]!).map((at) => members[at]!)
  );
  return chosen.sort((a, b) => a - b).map((at) => indices[at]!);
}
