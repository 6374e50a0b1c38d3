/**
 * Emoji as files, for what takes a folder of images.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { ifThere } from "../../files/if_there.ts";
import { makeFolder } from "../../files/new_file.ts";
import { writeNewFolder } from "../../files/new_folder.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import type { Dataset } from "../dataset.ts";
import { decodeSource } from "../decode/decode_source.ts";
import { writeImage } from "../write_image.ts";

/** Name of a category's folder, such as `smileys-emotion`. */
function folderOf(category: string): string {
  return category.toLowerCase().replaceAll(/[^a-z]+/g, "-");
}

/**
 * The path that an emoji has in a folder of {@linkcode writeEmojiFolder}: its category's folder and its key, such as
 * `smileys-emotion/1F600.png`.
 */
export function emojiPath(emoji: Dataset, index: number): string {
  const { key, label } = emoji.sample(index);
  return `${folderOf(emoji.classes![label!]!)}/${key}.png`;
}

/**
 * Renders emoji once into a folder of PNG files, with a folder for each category, unless it is there. It appears whole or
 * not at all.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openData, subset } from "../mod.ts";
 * import { emojiPath, openEmoji, writeEmojiFolder } from "./mod.ts";
 *
 * const emoji = subset(await openEmoji("google", { size: 32 }), [0, 400]);
 * assertEquals(emojiPath(emoji, 0), "smileys-emotion/1F600.png");
 * const folder = await Deno.makeTempDir();
 * await writeEmojiFolder(`${folder}/images`, emoji);
 * const images = await openData(`${folder}/images`);
 * assertEquals([images.length, images.classes], [2, ["people-body", "smileys-emotion"]]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @param emoji of {@linkcode openEmoji}, or some of them
 * @param variation number of the variation that is rendered, from 0 (default the emoji themselves)
 */
export async function writeEmojiFolder(
  path: string,
  emoji: Dataset,
  variation?: number,
): Promise<void> {
  if (await explainingFileErrors(`read ${path}`, ifThere(Deno.stat(path))) !== undefined) return;
  await writeNewFolder(path, async (folder) => {
    for (let i = 0; i < emoji.length; i++) {
      const { source, variations } = emoji.sample(i);
      const file = join(folder, ...emojiPath(emoji, i).split("/"));
      await makeFolder(dirname(file));
      const chosen = variation === undefined ? source : variations![variation]!;
      await writeImage(file, await decodeSource(chosen));
    }
  });
}
