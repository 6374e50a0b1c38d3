/**
 * Rows of images and their variations, drawn with labels.
 *
 * @module
 */
import type { RgbImage } from "../data/mod.ts";
import { sharp } from "../deps/sharp.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import { noiseLevel } from "../noise/mod.ts";
import { imageGrid } from "../plot/mod.ts";

/** A row: an image, and its variations by level. */
export interface GridRow {
  /** Its label, the image's path. */
  readonly key: string;
  readonly original: RgbImage;
  readonly variations: ReadonlyMap<number, RgbImage>;
}

/** How rows are drawn. */
export interface DrawGridOptions {
  /** Noise levels of the columns. */
  readonly levels: readonly number[];
  /** Height and width of an image, in units of half a pixel. */
  readonly cell: number;
  /** Foreground ratios by the rows' keys, which are written below the images. */
  readonly ratios: ReadonlyMap<string, number>;
}

/** Brightness of a cell without a variation. */
const BLANK = 245;

/** An image in its own proportions, its longer side filling a cell, at two pixels to a unit. */
async function fit({ width, height, data }: RgbImage, cell: number): Promise<Tensor<"uint8">> {
  const raw = { width, height, channels: 3 } as const;
  const resized = await sharp(data, { raw })
    .resize({ width: 2 * cell, height: 2 * cell, fit: "inside", kernel: "cubic" })
    .raw().toBuffer({ resolveWithObject: true });
  const { info } = resized;
  return tensor("uint8", [info.height, info.width, 3], new Uint8Array(resized.data));
}

/** A cell without a variation. */
function blank(cell: number): Tensor<"uint8"> {
  return tensor("uint8", [2 * cell, 2 * cell, 3], new Uint8Array(12 * cell ** 2).fill(BLANK));
}

/** Captions of an image and its variations: the foreground ratio, and which level follows from it. */
function captionsOf(ratio: number | undefined, levels: readonly number[]): string[] {
  if (ratio === undefined) return ["", ...levels.map(() => "")];
  const own = noiseLevel(ratio);
  return [
    `foreground ${(100 * ratio).toFixed(0)} %`,
    ...levels.map((level) => level === own ? "the level it gets" : ""),
  ];
}

/** Draws rows as the bytes of a PNG file. */
export async function drawGrid(
  rows: readonly GridRow[],
  { levels, cell, ratios }: DrawGridOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const images: Tensor<"uint8">[] = [];
  for (const { original, variations } of rows) {
    images.push(await fit(original, cell));
    for (const level of levels) {
      const variation = variations.get(level);
      images.push(variation === undefined ? blank(cell) : await fit(variation, cell));
    }
  }
  const captions = rows.flatMap(({ key }) => captionsOf(ratios.get(key), levels));
  return await imageGrid({
    images,
    columns: levels.length + 1,
    columnLabels: ["original", ...levels.map((level) => `noise ${level}`)],
    // Lines break at folders.
    rowLabels: rows.map(({ key }) => key.replaceAll("/", "/ ")),
    ...(captions.some((caption) => caption !== "") && { captions }),
    scale: 0.5,
  });
}
