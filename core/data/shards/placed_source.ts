/**
 * Images that lie within files of many.
 *
 * @module
 */
import type { EncodedSource, ImagePlace } from "../dataset.ts";
import { ParquetImages } from "../parquet/parquet_images.ts";
import { readRange } from "../tar/parts.ts";

/**
 * The image at a place.
 *
 * @param name what warnings and errors call it
 * @param rows reads rows of Parquet files, and keeps what lies beside them (default one that is this image's alone)
 */
export function placedSource(
  place: ImagePlace,
  name: string,
  rows: ParquetImages = new ParquetImages(),
): EncodedSource {
  const { path } = place;
  const read = "row" in place
    ? () => rows.read(path, place.row, name)
    : () => readRange([{ path, size: place.bytes }], place.offset, place.size);
  return { kind: "encoded", name, place, read };
}
