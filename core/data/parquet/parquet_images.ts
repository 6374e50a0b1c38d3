/**
 * The images of Parquet files. A page is read as a whole, so what a row group holds is kept for its other images.
 *
 * @module
 */
import { UnreadableImageError } from "../decode/unreadable_image_error.ts";
import { openParquet, type ParquetFile, readColumns } from "./parquet_file.ts";

/** Bytes of images that are kept; the row groups that were used last stay. */
const MOST_BYTES = 1 << 29;

/** A row group whose images are at hand, or are being read. */
interface KeptGroup {
  readonly images: Promise<unknown[]>;
  readonly bytes: number;
}

/** A row group: its number in all of the file, its rows, and the bytes of its images. */
interface GroupPlace {
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
}

/** Where the row group of a row lies. */
function placeOf({ metadata, columns }: ParquetFile, row: number): GroupPlace {
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    if (row < end) {
      const name = columns.bytes.join(".");
      const chunk = group.columns.find(({ meta_data }) =>
        meta_data?.path_in_schema.join(".") === name
      );
      return { start, end, bytes: Number(chunk?.meta_data?.total_uncompressed_size ?? 0) };
    }
    start = end;
  }
  throw new Error(`Internal: a row must be one of ${start}, found ${row}`);
}

/** Reads the images of Parquet files, and keeps the row groups that were used last. */
export class ParquetImages {
  readonly #files = new Map<string, Promise<ParquetFile>>();
  /** In the order of their last use. */
  readonly #groups = new Map<string, KeptGroup>();
  #bytes = 0;

  /**
   * Reads the image in a row of a file.
   *
   * @param name what errors call it
   * @throws {UnreadableImageError} if the row has no bytes of an image
   * @throws {TypeError} if the file is damaged there
   */
  async read(path: string, row: number, name: string): Promise<Uint8Array<ArrayBuffer>> {
    let opening = this.#files.get(path);
    if (opening === undefined) this.#files.set(path, opening = openParquet(path));
    const file = await opening;
    const place = placeOf(file, row);
    const image = (await this.#group(file, place))[row - place.start];
    // A copy: the bytes are a part of a page, all of which would go to a worker with them.
    if (image instanceof Uint8Array) return new Uint8Array(image);
    throw new UnreadableImageError(name, "a row without the bytes of an image");
  }

  #group(file: ParquetFile, { start, end, bytes }: GroupPlace): Promise<unknown[]> {
    const key = `${start} ${file.path}`;
    const kept = this.#groups.get(key);
    if (kept !== undefined) {
      this.#groups.delete(key);
      this.#groups.set(key, kept);
      return kept.images;
    }
    const images = readColumns(file, [file.columns.bytes], start, end).then(([column]) => column!);
    this.#groups.set(key, { images, bytes });
    this.#bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#groups) {
      if (this.#bytes <= MOST_BYTES || oldest === key) break;
      this.#groups.delete(oldest);
      this.#bytes -= freed;
    }
    return images;
  }
}
