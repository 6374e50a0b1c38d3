/**
 * Variations of images, such as generated ones: finding them, and choosing which view is cut from one.
 *
 * @module
 */
import { dirname } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import { splitLines } from "../files/lines.ts";
import type { RandomStream } from "../engine/random/random_stream.ts";
import type { ImageSource, Sample } from "./dataset.ts";
import { fileSource } from "./dataset_of.ts";
import { listImages } from "./image_folder.ts";
import { isAbsolutePath, normalizeKey } from "./relative_path.ts";

/** How variations stand in for images. */
export interface VariationOptions {
  /** Probability that a chosen view is cut from a variation; 1 by default. */
  readonly probability?: number;
  /** Views of which some are chosen, uniformly; all of them by default. */
  readonly views?: readonly number[];
  /** Views that are chosen, each for another variation; 1 by default, fewer where a sample has fewer variations. */
  readonly count?: number;
  /** Views that are cut from the first variation whenever a chosen view is; none by default. */
  readonly followers?: readonly number[];
}

/** A view that is cut from a variation, and which variation. */
export interface ChosenVariation {
  readonly view: number;
  readonly variation: number;
}

/** Takes one of several numbers out of a list. */
function takeOne(numbers: number[], random: RandomStream): number {
  return numbers.splice(random.integer(numbers.length), 1)[0]!;
}

/**
 * Chooses the views of a sample that are cut from variations. Of each, the view is chosen first, then whether it is
 * replaced, then by which variation; no two by the same one. There are none if the sample has no variations, or the draws
 * leave all views to the image.
 *
 * Source: GenView, `MultiView` with `use_gen_img` and `prob_gen_img`, which chooses one.
 */
export function chooseVariations(
  sample: Sample,
  viewCount: number,
  { probability = 1, views, count = 1 }: VariationOptions,
  random: RandomStream,
): ChosenVariation[] {
  const open = views === undefined ? Array.from({ length: viewCount }, (_, v) => v) : [...views];
  const variations = Array.from({ length: sample.variations?.length ?? 0 }, (_, v) => v);
  const chosen: ChosenVariation[] = [];
  for (let i = 0; i < count && open.length > 0; i++) {
    const view = takeOne(open, random);
    if (!random.chance(probability) || variations.length === 0) continue;
    chosen.push({ view, variation: takeOne(variations, random) });
  }
  return chosen;
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
  const paths = [...new Set(lines.filter((line) => line.trim() !== "").map(normalizeKey))];
  const place = (path: string) => isAbsolutePath(path) ? path : `${folder}/${path}`;
  return { name: list, paths, source: (path) => fileSource(place(path)) };
}
