/**
 * Data sets as tasks are given them: emoji by name, a folder of images, or a list file.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import type { EmojiDesign } from "../core/data/emoji/mod.ts";
import {
  type Dataset,
  openImageFolder,
  openImageList,
  openTarIndex,
  openVariationFolder,
  openVariationList,
  type VariationFiles,
  withVariations,
} from "../core/data/mod.ts";
import type { Configuration } from "../core/method/configuration.ts";

/** Names of emoji: their design, and whether they have variations. */
const EMOJI = /^emoji-(google|twitter)(-pairs)?$/;

/** How a data set will be used. */
export interface DataOptions {
  /** Whether drawn images get a new background in every epoch. */
  readonly redraw: boolean;
  /**
   * Names the backgrounds of drawn images (default 0). Training passes its configuration's; evaluation leaves it out, so
   * that all runs are compared on the same images.
   */
  readonly seed?: number;
  /** Whether the images of a list themselves are needed, rather than their names alone (default true). */
  readonly files?: boolean;
}

/** Whether a path is that of a folder; an error if there is nothing. */
async function isFolder(path: string, what: string, rule: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new GenviewTypeError(
      `Cannot open ${what} "${path}": it must be ${rule}, found nothing of this name`,
      { cause },
    );
  }
}

/**
 * Opens the data set that a text names.
 *
 * @throws {TypeError} if it is none of these
 */
export async function openData(
  text: string,
  { redraw, seed = 0, files = true }: DataOptions,
): Promise<Dataset> {
  const emoji = EMOJI.exec(text);
  if (emoji !== null) {
    // Only who asks for emoji downloads them.
    const { openEmoji } = await import("../core/data/emoji/mod.ts");
    const variations = emoji[2] === undefined ? 0 : 1;
    return openEmoji(emoji[1] as EmojiDesign, { redraw, seed, variations });
  }
  const rule = "emoji-google, emoji-twitter, either with -pairs, a folder of images or a list file";
  return await isFolder(text, "data", rule)
    ? openImageFolder(text)
    : openImageList(text, { files });
}

/** What a name of data leads to: the same for all ways to write it. */
async function identityOf(text: string): Promise<string> {
  const emoji = EMOJI.exec(text);
  // The images are the same, whether they have variations or not.
  if (emoji !== null) return `emoji-${emoji[1]}`;
  return await Deno.realPath(text);
}

/**
 * Opens a bank and queries for evaluation, drawn images always by the seed 0. They are one data set where both texts
 * lead to the same images, such as `photos`, `photos/` and a link to it: only then is an image left out of its own
 * neighbours.
 *
 * @throws {TypeError} if there are no such data
 */
export async function openEvaluationData(
  bank: string,
  queries: string,
): Promise<readonly [bank: Dataset, queries: Dataset]> {
  const first = await openData(bank, { redraw: false });
  if (queries === bank) return [first, first];
  const second = await openData(queries, { redraw: false });
  return [first, await identityOf(queries) === await identityOf(bank) ? first : second];
}

/** Opens variations: a folder of them, an index of a tar, or a list. */
async function openVariations(path: string): Promise<VariationFiles> {
  const rule = "a folder, a list or an index of them";
  if (await isFolder(path, "the variations", rule)) return await openVariationFolder(path);
  return await (path.endsWith(".jsonl") ? openTarIndex(path) : openVariationList(path));
}

/**
 * Opens the data set that a configuration trains on, with the variations that it names; drawn images by its seed.
 *
 * @throws {TypeError} if data or variations are none, or they do not belong together
 */
export async function openTrainingData(
  { data, variations, variationKey, missingVariation, seed = 0 }:
    & Pick<Configuration, "data" | "variations" | "variationKey" | "missingVariation">
    & Partial<Pick<Configuration, "seed">>,
): Promise<Dataset> {
  const dataset = await openData(data, { redraw: true, seed });
  if (variations === "") return dataset;
  const files = await openVariations(variations);
  return withVariations(dataset, files, { key: variationKey, missing: missingVariation });
}
