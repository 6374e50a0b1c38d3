/**
 * Pictures of what a generator makes of fixed images while it is trained.
 *
 * @module
 */
import type { Tensor } from "../engine/graph/tensor.ts";
import { imageGrid } from "../plot/image_grid.ts";
import { readSheet } from "../unclip/training/sample_sheet.ts";
import { SAMPLE_LEVELS } from "../unclip/training/sample_variations.ts";
import { sampleFile } from "../unclip/training/samples.ts";
import type { Figure } from "./report.ts";

/** Rows of a figure over the epochs, at most. */
const MOST_ROWS = 8;

/** Height and width to which smaller images are enlarged, about. */
const SHOWN = 96;

/** Columns of variations. */
const COLUMNS = ["original", ...SAMPLE_LEVELS.map((level) => `noise ${level}`)];

/** Some of the epochs, evenly, with the first and the last. */
function someOf(epochs: readonly number[]): number[] {
  const last = epochs.length - 1;
  if (last < MOST_ROWS) return [...epochs];
  const at = (i: number) => Math.round(i * last / (MOST_ROWS - 1));
  return Array.from({ length: MOST_ROWS }, (_, i) => epochs[at(i)]!);
}

/** Pixels of the figure for one of an image, a whole number so that they stay sharp. */
function scaleOf([image]: readonly Tensor<"uint8">[]): number {
  return Math.max(1, Math.floor(SHOWN / image!.shape[0]!));
}

/** The tiles of a sheet of variations, a row for each image. */
async function variationTiles(run: string, epoch: number): Promise<Tensor<"uint8">[][]> {
  const tiles = await readSheet(sampleFile(run, "unet", epoch), { columns: COLUMNS.length });
  const rows = tiles.length / COLUMNS.length;
  return Array.from(
    { length: rows },
    (_, row) => tiles.slice(row * COLUMNS.length, (row + 1) * COLUMNS.length),
  );
}

/**
 * What the autoencoder gives back of the same images, a row for each epoch, below the originals.
 *
 * @param epochs that have samples
 */
export async function reconstructionFigure(
  run: string,
  epochs: readonly number[],
): Promise<Figure> {
  const chosen = someOf(epochs);
  const rows: Tensor<"uint8">[] = [];
  let originals: Tensor<"uint8">[] = [];
  for (const epoch of chosen) {
    const tiles = await readSheet(sampleFile(run, "autoencoder", epoch), { rows: 2 });
    originals = tiles.slice(0, tiles.length / 2);
    rows.push(...tiles.slice(tiles.length / 2));
  }
  const png = await imageGrid({
    images: [...originals, ...rows],
    columns: originals.length,
    rowLabels: ["original", ...chosen.map((epoch) => `epoch ${epoch}`)],
    scale: scaleOf(originals),
  });
  const caption = `Images above what the autoencoder gives back after epochs ${chosen.join(", ")}.`;
  return { png, caption, alt: caption };
}

/**
 * Variations of one image, a row for each epoch; undefined if there is no such image.
 *
 * @param epochs that have samples
 * @param image counted from 0
 */
export async function variationFigure(
  run: string,
  epochs: readonly number[],
  image: number,
): Promise<Figure | undefined> {
  const chosen = someOf(epochs);
  const sheets = await Promise.all(chosen.map((epoch) => variationTiles(run, epoch)));
  const images = sheets.flatMap((rows) => rows[image] ?? []);
  if (images.length === 0) return undefined;
  const png = await imageGrid({
    images,
    columns: COLUMNS.length,
    columnLabels: COLUMNS,
    rowLabels: chosen.map((epoch) => `epoch ${epoch}`),
    scale: scaleOf(images),
  });
  const caption = `Variations of image ${image + 1} by noise level, after epochs ${
    chosen.join(", ")
  }; the noise is always the same.`;
  return { png, caption, alt: caption };
}

/**
 * Variations of all images that are sampled, as they are now.
 *
 * @param epochs that have samples
 */
export async function newestFigure(run: string, epochs: readonly number[]): Promise<Figure> {
  const epoch = epochs.at(-1)!;
  const images = (await variationTiles(run, epoch)).flat();
  const png = await imageGrid({
    images,
    columns: COLUMNS.length,
    columnLabels: COLUMNS,
    scale: scaleOf(images),
  });
  const caption = `All images that are sampled, after epoch ${epoch}.`;
  return { png, caption, alt: caption };
}
