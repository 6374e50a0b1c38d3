/**
 * Sheets of images: equal tiles without labels, from which reports cut them again.
 *
 * @module
 */
import type { RgbImage } from "../../data/dataset.ts";
import { encodeImage } from "../../data/write_image.ts";
import { decodeSource } from "../../data/decode/decode_source.ts";
import { fileSource } from "../../data/dataset_of.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { GenviewRangeError } from "../../errors/mod.ts";

/** Copies a rectangle of rows between images, each a row of bytes after the other. */
function copyTile(
  from: { readonly data: Uint8Array; readonly start: number; readonly stride: number },
  to: { readonly data: Uint8Array; readonly start: number; readonly stride: number },
  size: number,
): void {
  for (let row = 0; row < size; row++) {
    const begin = from.start + row * from.stride;
    to.data.set(from.data.subarray(begin, begin + 3 * size), to.start + row * to.stride);
  }
}

/**
 * Square images of one size, uint8 `[size, size, 3]`, row by row, as the bytes of a PNG file.
 *
 * @throws {RangeError} if they fill no rows of as many columns
 */
export async function encodeSheet(
  tiles: readonly Uint8Array[],
  size: number,
  columns: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const rows = tiles.length / columns;
  if (!Number.isInteger(rows) || rows < 1) {
    throw new GenviewRangeError(
      `Cannot draw a sheet of ${columns} columns: its rows must be full, found ${tiles.length} images`,
    );
  }
  const stride = 3 * columns * size;
  const data = new Uint8Array(rows * size * stride);
  tiles.forEach((tile, i) => {
    const start = Math.floor(i / columns) * size * stride + (i % columns) * 3 * size;
    copyTile({ data: tile, start: 0, stride: 3 * size }, { data, start, stride }, size);
  });
  return await encodeImage({ width: columns * size, height: rows * size, data });
}

/**
 * The tiles of a sheet, uint8 `[size, size, 3]` each, row by row.
 *
 * @param grid how many columns or rows it has
 */
export async function readSheet(
  path: string,
  grid: { readonly columns: number } | { readonly rows: number },
): Promise<Tensor<"uint8">[]> {
  const { width, height, data }: RgbImage = await decodeSource(fileSource(path));
  const size = "columns" in grid ? width / grid.columns : height / grid.rows;
  const columns = width / size;
  const stride = 3 * width;
  return Array.from({ length: columns * height / size }, (_, i) => {
    const tile = new Uint8Array(3 * size * size);
    const start = Math.floor(i / columns) * size * stride + (i % columns) * 3 * size;
    copyTile({ data, start, stride }, { data: tile, start: 0, stride: 3 * size }, size);
    return tensor("uint8", [size, size, 3], tile);
  });
}
