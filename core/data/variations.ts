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
  /** Probability that the chosen view is cut from a variation; 1 by default. */
  readonly probability?: number;
  /** Views of which one is chosen, uniformly; all of them by default. */
  readonly views?: readonly number[];
}

/** The view that is cut from a variation, and which variation. */
export interface ChosenVariation {
  readonly view: number;
  readonly variation: number;
}

/**
 * Chooses at most one view of a sample that is cut from a variation: the view is chosen first, then whether it is
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
  const paths = [...new Set(lines.filter((line) => line.trim() !== "").map(normalizeKey))];
  const place = (path: string) => isAbsolutePath(path) ? path : `${folder}/${path}`;
  return { name: list, paths, source: (path) => fileSource(place(path)) };
}
