/**
 * What takes the place of samples that cannot be read.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { Dataset } from "../dataset.ts";
import { replacements } from "./epoch_order.ts";

/** Replacements tried for one sample before the data set is taken to be broken. */
const MOST_REPLACEMENTS = 100;

/**
 * Loads a sample, or another in its place, chosen by seed, epoch and index alone.
 *
 * @param load loads the sample of an index; undefined if it cannot be read
 * @throws {TypeError} if many in a row cannot be read
 */
export async function loadOrReplace<T>(
  index: number,
  load: (index: number) => Promise<T | undefined>,
  { dataset, seed, epoch }: {
    readonly dataset: Dataset;
    readonly seed: number;
    readonly epoch: number;
  },
): Promise<T> {
  const first = await load(index);
  if (first !== undefined) return first;
  const others = replacements(index, dataset.length, seed, epoch);
  for (let attempt = 0; attempt < MOST_REPLACEMENTS; attempt++) {
    const loaded = await load(others.next().value);
    if (loaded !== undefined) return loaded;
  }
  throw new GenviewTypeError(
    `Cannot load "${dataset.name}": most of its images must be readable, found ${MOST_REPLACEMENTS} in a row that are not`,
  );
}
