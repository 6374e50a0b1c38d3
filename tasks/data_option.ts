/**
 * Data sets as tasks are given them: emoji by name, a folder of images, or a list file.
 *
 * @module
 */
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

/** How a data set will be used. */
export interface DataOptions {
  /** Whether drawn images get a new background in every epoch. */
  readonly redraw: boolean;
}

/** Whether a path is that of a folder; an error if there is nothing. */
async function isFolder(path: string, what: string, rule: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new TypeError(
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
export async function openData(text: string, { redraw }: DataOptions): Promise<Dataset> {
  const emoji = /^emoji-(google|twitter)(-pairs)?$/.exec(text);
  if (emoji !== null) {
    // Only who asks for emoji downloads them.
    const { openEmoji } = await import("../core/data/emoji/mod.ts");
    const variations = emoji[2] === undefined ? 0 : 1;
    return openEmoji(emoji[1] as EmojiDesign, { redraw, variations });
  }
  const rule = "emoji-google, emoji-twitter, either with -pairs, a folder of images or a list file";
  return await isFolder(text, "data", rule) ? openImageFolder(text) : openImageList(text);
}

/** Opens variations: a folder of them, an index of a tar, or a list. */
async function openVariations(path: string): Promise<VariationFiles> {
  const rule = "a folder, a list or an index of them";
  if (await isFolder(path, "the variations", rule)) return await openVariationFolder(path);
  return await (path.endsWith(".jsonl") ? openTarIndex(path) : openVariationList(path));
}

/**
 * Opens the data set that a configuration trains on, with the variations that it names.
 *
 * @throws {TypeError} if data or variations are none, or they do not belong together
 */
export async function openTrainingData(
  { data, variations, variationKey, missingVariation }: Pick<
    Configuration,
    "data" | "variations" | "variationKey" | "missingVariation"
  >,
): Promise<Dataset> {
  const dataset = await openData(data, { redraw: true });
  if (variations === "") return dataset;
  const files = await openVariations(variations);
  return withVariations(dataset, files, { key: variationKey, missing: missingVariation });
}
