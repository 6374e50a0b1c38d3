/**
 * A part of a training set whose labels are used: the same share of each class, or the images of a list.
 *
 * @module
 */
import { basename } from "node:path";
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import type { Dataset } from "../data/dataset.ts";
import { RandomStream } from "../engine/random/random_stream.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { splitLines } from "../files/lines.ts";

/**
 * A share of each class, at least one image of it, drawn by seed.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { datasetOf, fileSource } from "../data/dataset_of.ts";
 * import { labelledShare } from "./labelled_share.ts";
 *
 * const photos = datasetOf("photos", 30, (i) => ({ key: `${i}`, source: fileSource(`${i}.jpg`), label: i % 3 }));
 * const chosen = labelledShare(photos, { share: 0.2 });
 * assertEquals(chosen.map((index) => index % 3).sort(), [0, 0, 1, 1, 2, 2]);
 * ```
 *
 * @param options.share in (0, 1]
 * @returns indices in ascending order
 * @throws {RangeError} if the share is not in (0, 1]
 */
export function labelledShare(
  dataset: Dataset,
  { share, seed = 0 }: { readonly share: number; readonly seed?: number },
): number[] {
  if (!(share > 0 && share <= 1)) {
    throw new GenviewRangeError(
      `Cannot choose labelled images: the share must be in (0, 1], found ${share}`,
    );
  }
  const all = Array.from({ length: dataset.length }, (_, index) => index);
  if (share === 1) return all;
  const byClass = Map.groupBy(all, (index) => dataset.sample(index).label!);
  return [...byClass].flatMap(([label, members]) => {
    const count = Math.max(1, Math.round(share * members.length));
    const order = new RandomStream(seed, "labelled", label).permutation(members.length);
    return [...order.subarray(0, count)].map((at) => members[at]!);
  }).sort((a, b) => a - b);
}

/** Lines of a list that an error names. */
const SHOWN = 5;

/** An image that a list names, and where. */
interface NamedImage {
  readonly name: string;
  /** Counted from 1. */
  readonly line: number;
}

/** The names in a list file, without the labels that may stand behind them. */
async function readNames(path: string): Promise<NamedImage[]> {
  const text = await explainingFileErrors(`read ${path}`, Deno.readTextFile(path));
  return splitLines(text)
    .map((line, i) => ({ name: line.trim().replace(/\s+\d+$/, ""), line: i + 1 }))
    .filter(({ name }) => name !== "" && !name.startsWith("#"));
}

/** Indices of a data set's images by their keys, and by their names alone where these are of several images. */
function indicesByName(dataset: Dataset): Map<string, number[]> {
  const indices = new Map<string, number[]>();
  const add = (name: string, index: number) => {
    const known = indices.get(name);
    if (known === undefined) indices.set(name, [index]);
    else known.push(index);
  };
  for (let index = 0; index < dataset.length; index++) {
    const { key } = dataset.sample(index);
    add(key, index);
    if (basename(key) !== key) add(basename(key), index);
  }
  return indices;
}

/**
 * A function that chooses the images of a list: one name a line, of an image in its class's folder
 * (`n01440764/n01440764_18.JPEG`) or alone (`n01440764_18.JPEG`), as in the lists of ImageNet's 1 % and 10 % that
 * SimCLR published (`imagenet_subsets/1percent.txt`). It throws a TypeError with the lines that name no image, or several.
 *
 * @throws {GenviewError} if the file cannot be read
 */
export async function readLabelledList(
  path: string,
): Promise<(dataset: Dataset) => readonly number[]> {
  const names = await readNames(path);
  return (dataset) => {
    const indices = indicesByName(dataset);
    const wrong = names.flatMap(({ name, line }) => {
      const found = indices.get(name) ?? [];
      if (found.length === 1) return [];
      const [first, second] = found.map((index) => dataset.sample(index).key);
      return first === undefined
        ? [`"${name}" (line ${line})`]
        : [`"${name}" (line ${line}), which may be ${first} or ${second}`];
    });
    if (wrong.length > 0 || names.length === 0) {
      const more = wrong.length > SHOWN ? ` and ${wrong.length - SHOWN} more` : "";
      throw new GenviewTypeError(
        `Cannot choose the labelled images of ${path}: each line must name one image of "${dataset.name}" that is ` +
          `trained on, found ${
            names.length === 0 ? "none" : wrong.slice(0, SHOWN).join(", ")
          }${more}`,
      );
    }
    return [...new Set(names.map(({ name }) => indices.get(name)![0]!))].sort((a, b) => a - b);
  };
}
