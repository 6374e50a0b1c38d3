/**
 * The images that pairs are compared on: emoji, rendered once for all and kept as files, and again on other backgrounds.
 *
 * What is compared must differ in the pair alone. Emoji that are rendered anew in every epoch would show ordinary pairs as
 * many backgrounds as there are epochs, and variations only those of the images that they were made from. So all cells
 * train on the same files, one of each emoji; what an ideal generator would give is another file of it, on another
 * background. Only the cells that are called redrawn have new backgrounds in every epoch, as the demo has.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { type Dataset, decodeSource, subset, writeImage } from "../core/data/mod.ts";
import { type EmojiDesign, openEmoji } from "../core/data/emoji/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { makeFolder, writeNewFile } from "../core/files/new_file.ts";
import { writeNewFolder } from "../core/files/new_folder.ts";
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
  if (images === 0 || images >= all.length) return all;
  const index = (i: number) => Math.floor((i * all.length) / images);
  const some = subset(all, Array.from({ length: images }, (_, i) => index(i)));
  const { variations = 0 } = options;
  if (variations === 0) return some;
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

/** Name of a category's folder, such as `smileys-emotion`. */
function folderOf(category: string): string {
  return category.toLowerCase().replaceAll(/[^a-z]+/g, "-");
}

/** Writes the images of a set, or those of one of its variations, unless they are there. */
async function writeEmoji(path: string, emoji: Dataset, variation?: number): Promise<void> {
  if (await ifThere(Deno.stat(path)) !== undefined) return;
  await writeNewFolder(path, async (folder) => {
    for (let i = 0; i < emoji.length; i++) {
      const { key, label, source, variations } = emoji.sample(i);
      const file = join(folder, folderOf(emoji.classes![label!]!), `${key}.png`);
      await makeFolder(dirname(file));
      const chosen = variation === undefined ? source : variations![variation]!;
      await writeImage(file, await decodeSource(chosen));
    }
  });
}

/**
 * The folder of the renderings that all cells train on, a folder of each category; made where it is not there.
 *
 * @param folder of the comparison
 */
export async function renderedImages(folder: string, choice: EmojiChoice): Promise<string> {
  const path = join(folder, "images");
  await writeEmoji(path, await emojiOf("google", choice, { seed: SEED }));
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
    await writeEmoji(join(place, String(i)), emoji, i);
    for (let at = 0; at < images.length; at++) lines.push(`${i}/${images.sample(at).key}\n`);
  }
  const list = join(place, `${count}.txt`);
  await writeNewFile(list, lines.join(""), { overwrite: true });
  return list;
}
