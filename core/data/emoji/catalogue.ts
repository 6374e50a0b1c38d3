/**
 * The catalogue of emoji that two designs share.
 *
 * @module
 */
import { type EmojiDesign, emojiPackage } from "../../deps/emoji.ts";

/** One emoji. */
export interface Emoji {
  /** Code points in hexadecimal, joined by dashes: the same in every design. */
  readonly unified: string;
  /** Unicode's category. */
  readonly category: string;
  /** File name of its picture. */
  readonly image: string;
}

interface Picture {
  readonly unified: string;
  readonly image: string;
  readonly has_img_google: boolean;
  readonly has_img_twitter: boolean;
}

interface CatalogueEntry extends Picture {
  readonly category: string;
  readonly sort_order: number;
  readonly skin_variations?: Readonly<Record<string, Picture>>;
}

/** Every category, in Unicode's order, but "Component", which holds the five swatches of skin tones. */
export const EMOJI_CATEGORIES: readonly string[] = [
  "Smileys & Emotion",
  "People & Body",
  "Animals & Nature",
  "Food & Drink",
  "Travel & Places",
  "Activities",
  "Objects",
  "Symbols",
  "Flags",
];

function inBothDesigns(picture: Picture): boolean {
  return picture.has_img_google && picture.has_img_twitter;
}

/**
 * Lists the emoji that both designs have, in Unicode's order; with the skin tones of people where asked for.
 *
 * Source: `emoji.json` of emoji-data, https://github.com/iamcal/emoji-data.
 */
export async function listEmoji(
  design: EmojiDesign,
  categories: readonly string[],
  skinTones: boolean,
): Promise<Emoji[]> {
  const text = await Deno.readTextFile(new URL("emoji.json", await emojiPackage(design)));
  const entries = JSON.parse(text) as CatalogueEntry[];
  return entries
    .filter(({ category }) => categories.includes(category))
    .sort((a, b) => a.sort_order - b.sort_order)
    .flatMap((entry) => {
      const pictures: Picture[] = [entry];
      if (skinTones) pictures.push(...Object.values(entry.skin_variations ?? {}));
      return pictures.filter(inBothDesigns).map(({ unified, image }) => ({
        unified,
        image,
        category: entry.category,
      }));
    });
}
