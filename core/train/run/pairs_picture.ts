/**
 * Pictures of views: pairs with their foreground maps and weights, and batches as the network sees them.
 *
 * @module
 */
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { gridPicture } from "../../masking/figures.ts";
import { type ImageGrid, imageGrid } from "../../plot/image_grid.ts";
import type { JudgedPairs } from "./train_event.ts";

/** Height and width of a picture on screen that maps are read well at, in pixels. */
const READABLE = 112;

/** One image out of a batch. */
function imageOf({ shape, data }: Tensor<"uint8">, index: number): Tensor<"uint8"> {
  const [, height, width, channels] = shape as [number, number, number, number];
  const length = height * width * channels;
  const pixels = data.slice(index * length, (index + 1) * length);
  return tensor("uint8", [height, width, channels], pixels);
}

/** Pairs as a grid, one a row: each view with its foreground map beside it. */
export function gridOfPairs(
  { pictures, maps, grid, foreground, background, weights }: JudgedPairs,
): ImageGrid {
  const [count, size] = pictures[0].shape as [number, number];
  const tokens = grid[0] * grid[1];
  const rows = Array.from({ length: count }, (_, pair) =>
    [0, 1].flatMap((view) => [
      imageOf(pictures[view]!, pair),
      gridPicture(maps[view]!.data.subarray(pair * tokens, (pair + 1) * tokens), grid, size),
    ]));
  return {
    images: rows.flat(),
    columns: 4,
    columnLabels: ["view 1", "foreground", "view 2", "foreground"],
    rowLabels: rows.map((_, pair) =>
      `foregrounds ${foreground[pair]!.toFixed(3)}, backgrounds ${
        background[pair]!.toFixed(3)
      }: weight ${weights[pair]!.toFixed(3)}`
    ),
    paper: false,
    scale: Math.max(1, Math.round(READABLE / size)),
  };
}

/**
 * Draws pairs, one a row: both views with their foreground maps, the similarities and the weight.
 *
 * @returns a PNG file
 */
export async function drawPairs(pairs: JudgedPairs): Promise<Uint8Array<ArrayBuffer>> {
  return await imageGrid(gridOfPairs(pairs));
}

/**
 * Draws the first images of a batch, one a row, in each of their views, one a column.
 *
 * @param views uint8 `[count, S, S, 3]` of each view
 * @returns a PNG file
 */
export async function drawViews(
  views: readonly Tensor<"uint8">[],
): Promise<Uint8Array<ArrayBuffer>> {
  const [count, size] = views[0]!.shape as [number, number];
  return await imageGrid({
    images: Array.from({ length: count }, (_, i) => views.map((view) => imageOf(view, i))).flat(),
    columns: views.length,
    columnLabels: views.map((_, i) => `view ${i + 1}`),
    scale: Math.max(1, Math.round(READABLE / size)),
  });
}
