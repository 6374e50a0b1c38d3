/**
 * Emoji as a data set: pictures whose foreground, category and identity are known.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { type EmojiDesign, emojiPackage } from "../../deps/emoji.ts";
import { RandomStream } from "../../engine/random/random_stream.ts";
import type { Dataset, MaskedImage, RenderedSource } from "../dataset.ts";
import { datasetOf } from "../dataset_of.ts";
import { decodeCutout } from "../decode/cutout.ts";
import { drawBackground } from "./background.ts";
import { type Emoji, EMOJI_CATEGORIES, listEmoji } from "./catalogue.ts";

/** Options of {@link openEmoji}. */
export interface EmojiOptions {
  /** Height and width of the images in pixels; 64 by default. */
  readonly size?: number;
  /** Height of the emoji as a fraction of the image's, in (0, 1]; 0.8 by default. */
  readonly scale?: number;
  /** Categories that are included, and so the classes; all but "Component" by default. */
  readonly categories?: readonly string[];
  /** Whether people come in five skin tones as well; not by default. */
  readonly skinTones?: boolean;
  /** Names the backgrounds and places; 0 by default. */
  readonly seed?: number;
  /** Whether backgrounds and places change with the epoch; not by default. */
  readonly redraw?: boolean;
  /** Whether all emoji stand in the middle; anywhere by default. */
  readonly centred?: boolean;
  /**
   * Number of variations of each image: the same emoji elsewhere on another background, as an ideal generator would
   * give. 0 by default.
   */
  readonly variations?: number;
}

type Cutout = Required<MaskedImage>;

/** Lays a picture over a background, and gives the picture's opacity as the mask. */
export function compose(
  picture: Cutout,
  background: Uint8Array<ArrayBuffer>,
  size: number,
  left: number,
  top: number,
): Cutout {
  const data = background.slice();
  const mask = new Uint8Array(size * size);
  for (let row = 0; row < picture.height; row++) {
    for (let column = 0; column < picture.width; column++) {
      const from = row * picture.width + column;
      const to = (top + row) * size + left + column;
      const opacity = picture.mask[from]!;
      mask[to] = opacity;
      for (let channel = 0; channel < 3; channel++) {
        const behind = data[3 * to + channel]!;
        const difference = picture.data[3 * from + channel]! - behind;
        data[3 * to + channel] = Math.round(behind + (difference * opacity) / 255);
      }
    }
  }
  return { width: size, height: size, data, mask };
}

function checkOptions(size: number, scale: number, categories: readonly string[]): void {
  if (!Number.isSafeInteger(size) || size < 8) {
    throw new GenviewRangeError(
      `Cannot open emoji: size must be an integer of at least 8, found ${size}`,
    );
  }
  if (!(scale > 0 && scale <= 1)) {
    throw new GenviewRangeError(`Cannot open emoji: scale must lie in (0, 1], found ${scale}`);
  }
  const unknown = categories.find((category) => !EMOJI_CATEGORIES.includes(category));
  if (unknown !== undefined || categories.length === 0) {
    throw new GenviewRangeError(
      `Cannot open emoji: categories must be some of ${EMOJI_CATEGORIES.join(", ")}, found ${
        unknown === undefined ? "none" : `"${unknown}"`
      }`,
    );
  }
}

/**
 * Opens the emoji of one design, each on a background of its own, with the opacity as the true foreground mask. Labels
 * are categories. Identities are code points, which a design shares with the other: training on "google" (Noto) and
 * evaluating on "twitter" (Twemoji) asks for what emoji show rather than how they are drawn. Both designs hold the same
 * emoji in the same order; those that only one has are left out.
 *
 * Flags are their category's only content and nothing else looks like them, which makes that class an easy one.
 *
 * @throws {RangeError} if an option is out of range
 */
export async function openEmoji(
  design: EmojiDesign,
  options: EmojiOptions = {},
): Promise<Dataset> {
  const { size = 64, scale = 0.8, seed = 0, redraw = false, variations = 0 } = options;
  const { categories = EMOJI_CATEGORIES, skinTones = false, centred = false } = options;
  checkOptions(size, scale, categories);
  const emoji = await listEmoji(design, categories, skinTones);
  const folder = new URL(`img/${design}/64/`, await emojiPackage(design));
  const height = Math.max(1, Math.round(size * scale));
  const pictures = new Map<string, Promise<Cutout>>();

  /** The decoded picture, kept, since every epoch needs it again. */
  function picture({ image }: Emoji): Promise<Cutout> {
    const known = pictures.get(image);
    if (known) return known;
    const loading = Deno.readFile(new URL(image, folder))
      .then((bytes) => decodeCutout(bytes, image, height));
    pictures.set(image, loading);
    return loading;
  }

  function source(one: Emoji, variation: number): RenderedSource {
    return {
      kind: "rendered",
      name: `emoji-${design}/${one.unified}${variation > 0 ? `/${variation}` : ""}`,
      async render(epoch) {
        const drawing = redraw ? epoch : 0;
        const random = new RandomStream(seed, "emoji", design, one.unified, variation, drawing);
        const place = () => centred ? (size - height) >> 1 : random.integer(size - height + 1);
        const [left, top] = [place(), place()];
        return compose(await picture(one), drawBackground(size, random), size, left, top);
      },
    };
  }

  const name = `emoji-${design}${centred ? "-centred" : ""}`;
  const dataset = datasetOf(name, emoji.length, (index) => {
    const one = emoji[index]!;
    return {
      key: one.unified,
      source: source(one, 0),
      label: categories.indexOf(one.category),
      identity: one.unified,
      ...(variations > 0 && {
        variations: Array.from({ length: variations }, (_, i) => source(one, i + 1)),
      }),
    };
  }, categories);
  if (variations === 0) return dataset;
  const samplesByCount = [...new Array<number>(variations).fill(0), emoji.length];
  return { ...dataset, coverage: { matched: emoji.length, total: emoji.length, samplesByCount } };
}
