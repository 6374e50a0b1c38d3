/**
 * Variations of images, such as generated ones: finding them, and drawing which view is cut from one.
 *
 * @module
 */
import type { RandomStream } from "../engine/random/random_stream.ts";
import type { Dataset, ImageSource, Sample } from "./dataset.ts";
import { datasetOf, fileSource } from "./dataset_of.ts";
import { listImages } from "./image_folder.ts";

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

/** A path without its extension. */
function stem(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot > path.lastIndexOf("/") ? path.slice(0, dot) : path;
}

/**
 * Finds the variations below a folder that mirrors a data set's: those of `n01440764/x.jpg` are `n01440764/x.png`, with
 * whichever extension, or all images in `n01440764/x/`. Gives them by key without extension.
 *
 * @throws {Deno.errors.NotFound} if there is no such folder
 */
export async function listVariations(folder: string): Promise<Map<string, ImageSource[]>> {
  const found = new Map<string, ImageSource[]>();
  for (const path of await listImages(folder)) {
    const source = fileSource(`${folder}/${path}`);
    const names = [stem(path)];
    if (path.includes("/")) names.push(path.slice(0, path.lastIndexOf("/")));
    for (const name of names) {
      const sources = found.get(name);
      if (sources) sources.push(source);
      else found.set(name, [source]);
    }
  }
  return found;
}

/** What happens to samples that have no variation: they stay as they are, are left out, or are an error. */
export type MissingVariation = "original" | "skip" | "error";

/** A data set some of whose samples have variations. */
export interface VariedDataset extends Dataset {
  /** How many samples have one, of all that the data set had. */
  readonly coverage: { readonly matched: number; readonly total: number };
}

/**
 * Gives the samples of a data set their variations.
 *
 * @param variations by the samples' keys without extension
 * @throws {TypeError} if no sample has one, or one has none and `missing` is "error"
 */
export function withVariations(
  dataset: Dataset,
  variations: ReadonlyMap<string, readonly ImageSource[]>,
  missing: MissingVariation = "original",
): VariedDataset {
  const indices: number[] = [];
  let matched = 0;
  for (let index = 0; index < dataset.length; index++) {
    const { key } = dataset.sample(index);
    const found = variations.has(stem(key));
    if (!found && missing === "error") {
      throw new TypeError(
        `Cannot pair "${dataset.name}" with variations: every sample must have one, found none for "${key}"`,
      );
    }
    if (found) matched++;
    if (found || missing === "original") indices.push(index);
  }
  if (matched === 0) {
    throw new TypeError(
      `Cannot pair "${dataset.name}" with variations: their paths must mirror the samples' keys, found no match among ${variations.size}`,
    );
  }
  function sample(index: number): Sample {
    const original = dataset.sample(indices[index]!);
    const found = variations.get(stem(original.key));
    return found ? { ...original, variations: found } : original;
  }
  return {
    ...datasetOf(dataset.name, indices.length, sample, dataset.classes),
    coverage: { matched, total: dataset.length },
  };
}
