/**
 * Variations of images, such as generated ones: finding them, and drawing which view is cut from one.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { dirname } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import { splitLines } from "../files/lines.ts";
import type { RandomStream } from "../engine/random/random_stream.ts";
import type { Dataset, ImageSource, Sample } from "./dataset.ts";
import { datasetOf, fileSource } from "./dataset_of.ts";
import { listImages } from "./image_folder.ts";
import { isAbsolutePath, normalizeKey } from "./relative_path.ts";

/** How variations stand in for images. */
export interface VariationOptions {
  /** Probability that the view which was drawn is cut from a variation; 1 by default. */
  readonly probability?: number;
  /** Views of which one is drawn, uniformly; all of them by default. */
  readonly views?: readonly number[];
}

/** The view that is cut from a variation, and which variation. */
export interface ChosenVariation {
  readonly view: number;
  readonly variation: number;
}

/**
 * Draws at most one view of a sample that is cut from a variation: the view is drawn first, then whether it is
 * replaced, then by which variation. Undefined if the sample has none, or the draw leaves all views to the image.
 *
 * Source: GenView, `MultiView` with `use_gen_img` and `prob_gen_img`.
 */
export function chooseVariation(
  sample: Sample,
  viewCount: number,
  { probability = 1, views }: VariationOptions,
  random: RandomStream,
): ChosenVariation | undefined {
  const candidates = views ?? Array.from({ length: viewCount }, (_, view) => view);
  const view = candidates[random.integer(candidates.length)]!;
  const count = sample.variations?.length ?? 0;
  if (!random.chance(probability) || count === 0) return undefined;
  return { view, variation: random.integer(count) };
}

/** Variations that are at hand: a folder of them, a list, or an archive. */
export interface VariationFiles {
  /** What errors call them. */
  readonly name: string;
  /** Where each lies in their tree, with slashes. */
  readonly paths: readonly string[];
  /** Where the image of a path comes from. */
  source(path: string): ImageSource;
}

/**
 * Finds the variations below a folder.
 *
 * @throws {Deno.errors.NotFound} if there is no such folder
 */
export async function openVariationFolder(folder: string): Promise<VariationFiles> {
  const paths = await listImages(folder);
  return { name: folder, paths, source: (path) => fileSource(`${folder}/${path}`) };
}

/**
 * Reads a list of variations, a path in each line, relative to the folder that the list is in; as GenView's
 * `train_variations.txt`.
 *
 * @throws {Deno.errors.NotFound} if there is no such list
 */
export async function openVariationList(list: string): Promise<VariationFiles> {
  const folder = dirname(list);
  const action = `read the list of variations ${list}`;
  const lines = splitLines(await explainingFileErrors(action, Deno.readTextFile(list)));
  const paths = lines.filter((line) => line.trim() !== "").map(normalizeKey);
  const place = (path: string) => isAbsolutePath(path) ? path : `${folder}/${path}`;
  return { name: list, paths, source: (path) => fileSource(place(path)) };
}

/**
 * What of a path a variation and its image have in common: all of it but the extension, or the last folder and the name,
 * wherever the trees begin.
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

/** A path without its extension, or the end of it. */
function keyOf(path: string, by: VariationKey): string {
  return by === "path" ? path : path.split("/").slice(-2).join("/");
}

/**
 * Paths by what they have in common with their images: of the image `n01440764/x.jpg` these are `n01440764/x.png`, with
 * whichever extension, and all in the folder `n01440764/x/`.
 */
function pathsByKey(paths: readonly string[], by: VariationKey): Map<string, string[]> {
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
 * Gives the samples of a data set their variations. By `class-name`, all that have the class and the name are partners of
 * an image, whichever trees they come from.
 *
 * @returns the data set with its coverage
 * @throws {TypeError} if no sample has one, or one has none and `missing` is "error"
 */
export function withVariations(
  dataset: Dataset,
  files: VariationFiles,
  { key: by = "path", missing = "original" }: PairingOptions = {},
): Dataset {
  const paths = pathsByKey(files.paths, by);
  const partnersOf = ({ key }: Sample) => paths.get(keyOf(stem(key), by));
  const indices: number[] = [];
  let matched = 0;
  for (let index = 0; index < dataset.length; index++) {
    const sample = dataset.sample(index);
    const found = partnersOf(sample) !== undefined;
    if (!found && missing === "error") {
      throw new GenviewTypeError(
        `Cannot pair "${dataset.name}" with the variations of ${files.name}: every sample must have ` +
          `one, found none for "${sample.key}"`,
      );
    }
    if (found) matched++;
    if (found || missing === "original") indices.push(index);
  }
  if (matched === 0) throw noMatch(dataset, files, by);
  function sample(index: number): Sample {
    const original = dataset.sample(indices[index]!);
    const partners = partnersOf(original);
    if (partners === undefined) return original;
    return { ...original, variations: partners.map((path) => files.source(path)) };
  }
  return {
    ...datasetOf(dataset.name, indices.length, sample, dataset.classes),
    coverage: { matched, total: dataset.length },
  };
}
