/**
 * The images that pairs are compared on: emoji, rendered once for all and kept as files, and again on other backgrounds.
 *
 * What is compared must differ in the pair alone. Emoji that are rendered anew in every epoch would show ordinary pairs as
 * many backgrounds as there are epochs, and variations only those of the images that they were made from. So all cells
 * train on the same files, one of each emoji; what an ideal generator would give is another file of it, on another
 * background. Only the cells that are called redrawn have new backgrounds in every epoch.
 *
 * @module
 */
import { join } from "node:path";
import { type Dataset, evenSubset } from "../core/data/mod.ts";
import { type EmojiDesign, openEmoji, writeEmojiFolder } from "../core/data/emoji/mod.ts";
import { writeNewFile } from "../core/files/new_file.ts";
import type { JudgingData } from "./judge_backbone.ts";

/** Seed of the renderings: not that of the images which the evaluation sees, whose backgrounds no cell was trained on. */
const SEED = 1;

/** Most ideal variations that a cell has. */
const MOST_IDEAL = 4;

/** Which emoji, and how large. */
export interface EmojiChoice {
  /** Height and width in pixels. */
  readonly emojiSize: number;
  /** Emoji that are used, evenly out of all; all of them when 0. */
  readonly images: number;
}

/** Emoji of a design, as many as are used. */
async function emojiOf(
  design: EmojiDesign,
  { emojiSize: size, images }: EmojiChoice,
  options: { readonly seed?: number; readonly redraw?: boolean; readonly variations?: number } = {},
): Promise<Dataset> {
  const all = await openEmoji(design, { size, ...options });
  const some = evenSubset(all, images);
  const { variations = 0 } = options;
  if (some === all || variations === 0) return some;
  const samplesByCount = [...new Array<number>(variations).fill(0), images];
  return { ...some, coverage: { matched: images, total: images, samplesByCount } };
}

/** The images that a backbone is judged on: Noto emoji vote, and Twemoji are classified. */
export async function judgingData(choice: EmojiChoice): Promise<JudgingData> {
  return [await emojiOf("google", choice), await emojiOf("twitter", choice)];
}

/**
 * Emoji with new backgrounds in every epoch.
 *
 * @param ideal whether each has a variation, another background, too
 */
export async function redrawnEmoji(
  choice: EmojiChoice,
  { seed, ideal }: { readonly seed: number; readonly ideal: boolean },
): Promise<Dataset> {
  return await emojiOf("google", choice, { seed, redraw: true, variations: ideal ? 1 : 0 });
}

/**
 * The folder of the renderings that all cells train on, a folder of each category; made where it is not there.
 *
 * @param folder of the comparison
 */
export async function renderedImages(folder: string, choice: EmojiChoice): Promise<string> {
  const path = join(folder, "images");
  await writeEmojiFolder(path, await emojiOf("google", choice, { seed: SEED }));
  return path;
}

/**
 * Ideal variations: other renderings of the images, each on a background of its own; made where they are not there.
 *
 * @param count how many of each image, at most 4
 * @param images the images, whose keys they have
 * @returns a list of them, of which an image's are found by class and name
 */
export async function idealVariations(
  folder: string,
  choice: EmojiChoice,
  count: number,
  images: Dataset,
): Promise<string> {
  const emoji = await emojiOf("google", choice, { seed: SEED, variations: MOST_IDEAL });
  const place = join(folder, "ideal");
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    await writeEmojiFolder(join(place, String(i)), emoji, i);
    for (let at = 0; at < images.length; at++) lines.push(`${i}/${images.sample(at).key}\n`);
  }
  const list = join(place, `${count}.txt`);
  await writeNewFile(list, lines.join(""), { overwrite: true });
  return list;
}
