/**
 * Whether two processes have the same data set.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Dataset } from "../../data/dataset.ts";

/**
 * A SHA-256 of the names, labels and identities of all samples in their order, in hexadecimal; of images only their names.
 */
export function datasetDigest(dataset: Pick<Dataset, "length" | "sample">): string {
  const hash = createHash("sha256");
  for (let i = 0; i < dataset.length; i++) {
    const { key, label = null, identity = null } = dataset.sample(i);
    hash.update(JSON.stringify([key, label, identity]));
  }
  return hash.digest("hex");
}
