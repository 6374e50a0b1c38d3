/**
 * A data set of three animals, and variations of some of them.
 */
import type { Dataset } from "../../../core/data/dataset.ts";
import { datasetOf, fileSource } from "../../../core/data/dataset_of.ts";
import type { VariationFiles } from "../../../core/data/variations.ts";

export const dataset: Dataset = datasetOf("animals", 3, (index) => {
  const key = ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg"][index]!;
  return { key, source: fileSource(key), label: Number(index > 1) };
}, ["cat", "dog"]);

/** Variations at paths. */
export function filesOf(...paths: string[]): VariationFiles {
  return { name: "generated", paths, source: fileSource };
}

export const variations: VariationFiles = filesOf("cat/2.png", "dog/1.png");

/** Names of the variations of each sample. */
export function namesOf(varied: Dataset): (readonly string[])[] {
  return Array.from(
    { length: varied.length },
    (_, i) => (varied.sample(i).variations ?? []).map(({ name }) => name),
  );
}
