/**
 * The demo's images: emoji as files, which the pipeline takes, and those that networks are evaluated on.
 *
 * @module
 */
import { join } from "node:path";
import { openEmoji, writeEmojiFolder } from "../../core/data/emoji/mod.ts";
import { type Dataset, evenSubset, openData } from "../../core/data/mod.ts";
import { GenviewTypeError } from "../../core/errors/mod.ts";

/** Names the backgrounds that both runs learn from; those of the evaluation are of the seed 0. */
const SEED = 1;

/** Emoji in all their parts. */
export interface DemoImages {
  /** Folder of the files. */
  readonly folder: string;
  /** Noto emoji as they lie in the folder, with their true masks. */
  readonly rendered: Dataset;
  /** Noto emoji on other backgrounds, which vote. */
  readonly bank: Dataset;
  /** Twemoji, which are classified. */
  readonly queries: Dataset;
}

/**
 * Writes the folder of images unless it is there, and opens all of them.
 *
 * @param output folder of the demo
 * @param count emoji that are used, evenly out of all; all of them when 0
 * @throws {TypeError} if the folder has images of another number
 */
export async function openDemoImages(output: string, count: number): Promise<DemoImages> {
  const rendered = evenSubset(await openEmoji("google", { seed: SEED }), count);
  const folder = join(output, "images");
  await writeEmojiFolder(folder, rendered);
  const { length } = await openData(folder);
  if (length !== rendered.length) {
    throw new GenviewTypeError(
      `Cannot go on in ${output}: it must hold the ${rendered.length} images that are asked for, found ${length} in ` +
        `${folder}; give --images as before, or another --output`,
    );
  }
  return {
    folder,
    rendered,
    bank: evenSubset(await openEmoji("google"), count),
    queries: evenSubset(await openEmoji("twitter"), count),
  };
}
