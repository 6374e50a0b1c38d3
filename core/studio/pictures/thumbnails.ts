/**
 * Small pictures of images, and many of them as one.
 *
 * @module
 */
import type { ImageSource, RgbImage } from "../../data/dataset.ts";
import { decodeSource, readSource } from "../../data/decode/decode_source.ts";
import { openImage, type Reduction } from "../../data/decode/encoded_image.ts";
import { cutView } from "../../data/geometry/cut_view.ts";
import { placeEvaluation } from "../../data/geometry/placement.ts";
import { limitParallel } from "../../data/loader/limit_parallel.ts";
import type { EvaluationRecipe } from "../../data/views/recipe.ts";
import { encodeImage } from "../../data/write_image.ts";
import { tensor } from "../../engine/graph/tensor.ts";

/** Reductions of JPEG files, the largest first. */
const REDUCTIONS: readonly Reduction[] = [9, 5, 3];

/** Images that are decoded at a time, each of which may take hundreds of megabytes. */
const inTurn = limitParallel(2);

/** Height and width of thumbnails, at most. */
export const THUMBNAIL_SIDE = 256;

async function decode(source: ImageSource, side: number, epoch: number): Promise<RgbImage> {
  if (source.kind === "rendered") return await source.render(epoch);
  const image = await openImage(await readSource(source), source.name);
  const shrink = Math.max(image.width, image.height) / side;
  const reduction = image.reducible ? REDUCTIONS.find((each) => shrink >= each) : undefined;
  return await image.decode(reduction ?? 1);
}

/**
 * An image as a PNG file in its own proportions, at most so wide and high.
 *
 * @param epoch for which rendered images are rendered (default 0)
 * @throws {UnreadableImageError} if it cannot be read or decoded
 */
export async function thumbnail(
  source: ImageSource,
  { side = THUMBNAIL_SIDE, epoch = 0 }: { readonly side?: number; readonly epoch?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { sharp } = await import("../../deps/sharp.ts");
  return await inTurn(async () => {
    const { width, height, data } = await decode(source, side, epoch);
    const picture = sharp(data, { raw: { width, height, channels: 3 } })
      .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true });
    return new Uint8Array(await picture.png().toBuffer());
  });
}

/**
 * An image as a network sees it, as a PNG file.
 *
 * @param recipe how it is cut
 * @throws {UnreadableImageError} if it cannot be read or decoded
 */
export async function cutPicture(
  source: ImageSource,
  recipe: Pick<EvaluationRecipe, "size" | "shorterSide" | "interpolation">,
): Promise<Uint8Array<ArrayBuffer>> {
  return await inTurn(async () => {
    const image = await decodeSource(source);
    const { size } = recipe;
    const view = new Uint8Array(3 * size ** 2);
    cutView(image, placeEvaluation(recipe, image.width, image.height), view, 0);
    return await encodeImage(tensor("uint8", [size, size, 3], view));
  });
}

/** One picture of many images in rows. */
export interface Sheet {
  /** PNG file. */
  readonly png: Uint8Array<ArrayBuffer>;
  /** Height and width of an image in it, in pixels. */
  readonly tile: number;
  /** Images in a row. */
  readonly columns: number;
}

/**
 * Draws images as one picture, each cut to a square.
 *
 * @param images uint8 `[S, S, 3]`, row-major, one after the other
 * @param size height and width of each
 * @param tile height and width of each in the picture
 */
export async function drawSheet(
  images: readonly Uint8Array<ArrayBuffer>[],
  size: number,
  tile: number,
): Promise<Sheet> {
  const { sharp } = await import("../../deps/sharp.ts");
  const columns = Math.max(1, Math.ceil(Math.sqrt(images.length)));
  const rows = Math.max(1, Math.ceil(images.length / columns));
  const [width, height] = [columns * tile, rows * tile];
  const data = new Uint8Array(3 * width * height);
  for (const [i, image] of images.entries()) {
    const raw = { width: size, height: size, channels: 3 } as const;
    const pixels = await sharp(image, { raw }).resize(tile, tile, { fit: "fill" }).raw().toBuffer();
    const left = (i % columns) * tile;
    const top = Math.floor(i / columns) * tile;
    for (let y = 0; y < tile; y++) {
      const row = pixels.subarray(3 * y * tile, 3 * (y + 1) * tile);
      data.set(row, 3 * ((top + y) * width + left));
    }
  }
  const png = await sharp(data, { raw: { width, height, channels: 3 } }).png().toBuffer();
  return { png: new Uint8Array(png), tile, columns };
}
