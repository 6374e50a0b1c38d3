/**
 * Data sets as tasks are given them: emoji by name, a folder of images, or a list file.
 *
 * @module
 */
import type { EmojiDesign } from "../core/data/emoji/mod.ts";
import { type Dataset, openImageFolder, openImageList } from "../core/data/mod.ts";

/** How a data set will be used. */
export interface DataOptions {
  /** Whether drawn images get a new background in every epoch. */
  readonly redraw: boolean;
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
  let information: Deno.FileInfo;
  try {
    information = await Deno.stat(text);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new TypeError(
      `Cannot open data "${text}": it must be emoji-google, emoji-twitter, either with -pairs, a folder of images or a list file, ` +
        "found nothing of this name",
      { cause },
    );
  }
  return information.isDirectory ? openImageFolder(text) : openImageList(text);
}
