/**
 * Pairing of samples with their variations, by their paths.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import type { Dataset, Sample } from "./dataset.ts";
import { datasetOf } from "./dataset_of.ts";
import { remainingRuns } from "./subset.ts";
import type { VariationFiles } from "./variations.ts";

/**
 * Which part of a path a variation and its image share: all of it but the extension (`path`), or the last folder and the
 * name, wherever the trees begin (`class-name`).
 */
export type VariationKey = "path" | "class-name";

/** What happens to samples that have no variation: they stay as they are, are left out, or are an error. */
export type MissingVariation = "original" | "skip" | "error";

/** How variations are given to samples. */
export interface PairingOptions {
  /** What they are found by (default `path`). */
  readonly key?: VariationKey;
  /** What happens to samples without one (default `original`). */
  readonly missing?: MissingVariation;
}

/** A path without its extension. */
function stem(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot > path.lastIndexOf("/") ? path.slice(0, dot) : path;
}

/** A path, or the end of it. */
function keyOf(path: string, by: VariationKey): string {
  return by === "path" ? path : path.split("/").slice(-2).join("/");
}

/**
 * Paths by the stems of the images that they may belong to: to `n01440764/x.jpg` belong `n01440764/x.png`, with
 * whichever extension, and all in the folder `n01440764/x/`.
 */
function pathsByStem(paths: readonly string[], by: VariationKey): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const path of paths) {
    const slash = path.lastIndexOf("/");
    const names = slash < 0 ? [stem(path)] : [stem(path), path.slice(0, slash)];
    for (const name of names) {
      const key = keyOf(name, by);
      const others = found.get(key);
      if (others) others.push(path);
      else found.set(key, [path]);
    }
  }
  return found;
}

/** The keys of a stem's samples, where variations may belong to several. */
function ownersByStem(
  dataset: Dataset,
  paths: ReadonlyMap<string, readonly string[]>,
  by: VariationKey,
): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (let index = 0; index < dataset.length; index++) {
    const { key } = dataset.sample(index);
    const name = keyOf(stem(key), by);
    if (!paths.has(name)) continue;
    const known = owners.get(name);
    if (known === undefined) owners.set(name, [key]);
    // A list may name an image twice.
    else if (!known.includes(key)) known.push(key);
  }
  return owners;
}

/** Finds the variations of samples. */
class Pairing {
  readonly #files: VariationFiles;
  readonly #by: VariationKey;
  readonly #paths: ReadonlyMap<string, readonly string[]>;
  readonly #owners: ReadonlyMap<string, readonly string[]>;

  constructor(dataset: Dataset, files: VariationFiles, by: VariationKey) {
    this.#files = files;
    this.#by = by;
    this.#paths = pathsByStem(files.paths, by);
    this.#owners = ownersByStem(dataset, this.#paths, by);
  }

  /**
   * Paths of the variations of a sample; none if it has none.
   *
   * @throws {TypeError} if they may as well be another sample's
   */
  partnersOf({ key }: Sample): readonly string[] {
    const by = this.#by;
    const name = keyOf(stem(key), by);
    const all = this.#paths.get(name) ?? [];
    const ownName = (path: string) => keyOf(path, by) === keyOf(key, by);
    const exact = all.filter(ownName);
    const rivals = (this.#owners.get(name) ?? []).filter((owner) => owner !== key);
    // Nearly all images: nothing else has their name.
    if (rivals.length === 0 && exact.length === all.length) return all;
    // What lies in the folder of the image's name may be that of an image there.
    const nested = all.filter((path) => this.#ownerBelow(path, name) !== undefined);
    if (nested.length > 0 && all.every((path) => keyOf(stem(path), by) !== name)) {
      const isTheirs = (path: string) =>
        keyOf(this.#ownerBelow(path, name)!, by) === keyOf(path, by);
      if (nested.length === all.length && nested.every(isTheirs)) return [];
      throw this.#ambiguous(nested[0]!, key, this.#ownerBelow(nested[0]!, name)!);
    }
    const candidates = all.filter((path) => !nested.includes(path));
    if (rivals.length === 0) {
      // In one tree, another extension is another file; several trees may each have chosen their own.
      const others = (path: string) => ownName(path) || keyOf(stem(path), by) !== name;
      return exact.length > 0 && by === "path" ? candidates.filter(others) : candidates;
    }
    const namesake = rivals.find((rival) => keyOf(rival, by) === keyOf(key, by));
    if (exact.length > 0 && namesake === undefined) return exact;
    const ofRivals = new Set(rivals.map((rival) => keyOf(rival, by)));
    const open = namesake === undefined
      ? candidates.filter((path) => !ofRivals.has(keyOf(path, by)))
      : candidates;
    if (open.length === 0) return [];
    throw this.#ambiguous(open[0]!, key, namesake ?? rivals[0]!);
  }

  /** The image that a variation has the name of, if it lies in the folder of another's name. */
  #ownerBelow(path: string, name: string): string | undefined {
    const own = keyOf(stem(path), this.#by);
    return own === name ? undefined : this.#owners.get(own)?.[0];
  }

  #ambiguous(found: string, key: string, rival: string): TypeError {
    return new GenviewTypeError(
      `Cannot pair "${key}" with the variations of ${this.#files.name}: where images differ in ` +
        `nothing but ${
          this.#by === "path" ? "their extension" : "what stands before class and name"
        } ` +
        `or one's name is the other's folder, a variation must have the very name of its image, found ${found}, ` +
        `which may be that of "${key}" or of "${rival}"; rename one of them`,
    );
  }
}

/** Two ways that keys fail to match, for errors. */
function noMatch(dataset: Dataset, files: VariationFiles, by: VariationKey): TypeError {
  const example = files.paths[0] ?? "none at all";
  return new GenviewTypeError(
    `Cannot pair "${dataset.name}" with the variations of ${files.name}: ` +
      (by === "path"
        ? "their paths must mirror the images', or be compared by class and name (class-name)"
        : "class folders and names must be the images'") +
      `, found ${example} and no match for ${dataset.sample(0).key}`,
  );
}

/**
 * Gives the samples of a data set their variations. Extensions may differ, but where several images differ in nothing
 * else, each gets only those of its own name. By `class-name`, all that have the class and the name are partners of an
 * image, whichever trees they come from.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { datasetOf, fileSource } from "./dataset_of.ts";
 * import { withVariations } from "./pairing.ts";
 *
 * const keys = ["cats/0.jpg", "cats/1.jpg", "dogs/0.jpg"];
 * const images = datasetOf("pets", 3, (i) => ({ key: keys[i]!, source: fileSource(keys[i]!) }));
 * const generated = { name: "generated", paths: ["cats/0.png", "dogs/0/0.png"], source: fileSource };
 * const paired = withVariations(images, generated);
 * assertEquals(paired.coverage, { matched: 2, total: 3, samplesByCount: [1, 2] });
 * assertEquals(paired.sample(0).variations?.map(({ name }) => name), ["cats/0.png"]);
 * ```
 *
 * @returns the data set with its coverage
 * @throws {TypeError} if no sample has one, one has none and `missing` is "error", or one may be that of two samples
 */
export function withVariations(
  dataset: Dataset,
  files: VariationFiles,
  { key: by = "path", missing = "original" }: PairingOptions = {},
): Dataset {
  const pairing = new Pairing(dataset, files, by);
  const indices: number[] = [];
  const samplesByCount = [0];
  for (let index = 0; index < dataset.length; index++) {
    const sample = dataset.sample(index);
    const count = pairing.partnersOf(sample).length;
    if (count === 0 && missing === "error") {
      throw new GenviewTypeError(
        `Cannot pair "${dataset.name}" with the variations of ${files.name}: every sample must have ` +
          `one, found none for "${sample.key}"`,
      );
    }
    while (samplesByCount.length <= count) samplesByCount.push(0);
    samplesByCount[count]!++;
    if (count > 0 || missing === "original") indices.push(index);
  }
  const matched = dataset.length - samplesByCount[0]!;
  if (matched === 0) throw noMatch(dataset, files, by);
  function sample(index: number): Sample {
    const original = dataset.sample(indices[index]!);
    const partners = pairing.partnersOf(original);
    if (partners.length === 0) return original;
    return { ...original, variations: partners.map((path) => files.source(path)) };
  }
  const runs = dataset.runs && remainingRuns(dataset.runs, indices);
  return {
    ...datasetOf(dataset.name, indices.length, sample, dataset.classes),
    ...(runs && { runs }),
    coverage: { matched, total: dataset.length, samplesByCount },
  };
}
