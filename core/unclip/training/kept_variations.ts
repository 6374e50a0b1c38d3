/**
 * Variations that a work of minutes has made so far, kept in a file until it is done.
 *
 * @module
 */
import type { RgbImage } from "../../data/dataset.ts";
import { explainingFileErrors, fileError } from "../../files/file_error.ts";
import { writeAll } from "../../files/new_file.ts";

/** Bytes before the first image: width and height, little-endian. */
const HEADER = 8;

/** The images of a file that are whole, as far as they fill batches. */
function wholeBatches(bytes: Uint8Array<ArrayBuffer>, batchSize: number): RgbImage[] {
  if (bytes.length < HEADER) return [];
  const header = new DataView(bytes.buffer);
  const [width, height] = [header.getUint32(0, true), header.getUint32(4, true)];
  const each = 3 * width * height;
  // A file of a machine that lost its power may have a length, but nothing in it.
  if (each === 0) return [];
  const whole = Math.floor((bytes.length - HEADER) / each);
  return Array.from({ length: whole - whole % batchSize }, (_, i) => {
    const start = HEADER + i * each;
    return { width, height, data: bytes.slice(start, start + each) };
  });
}

/** Images of one size that are appended to a file, batch by batch. What a process that was killed has half written is dropped. */
export class KeptVariations implements Disposable {
  /** The images of all whole batches that were there, in their order. */
  readonly images: readonly RgbImage[];
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #isEmpty: boolean;

  private constructor(path: string, file: Deno.FsFile, images: readonly RgbImage[]) {
    this.#path = path;
    this.#file = file;
    this.images = images;
    this.#isEmpty = images.length === 0;
  }

  /**
   * Opens a file, which is made if it is not there.
   *
   * @param batchSize images that are appended together
   * @throws {GenviewError} if the system refuses
   */
  static async open(path: string, batchSize: number): Promise<KeptVariations> {
    const opening = Deno.open(path, { read: true, write: true, create: true });
    const file = await explainingFileErrors(`open ${path}`, opening);
    try {
      const bytes = await Deno.readFile(path);
      const images = wholeBatches(bytes, batchSize);
      const each = images[0]?.data.length ?? 0;
      await file.truncate(images.length === 0 ? 0 : HEADER + images.length * each);
      await file.seek(0, Deno.SeekMode.End);
      return new KeptVariations(path, file, images);
    } catch (cause) {
      file.close();
      throw fileError(`read ${path}`, cause);
    }
  }

  /**
   * Appends a batch, which is on the disk afterwards.
   *
   * @throws {GenviewError} if the system refuses, such as on a full disk
   */
  async append(images: readonly RgbImage[]): Promise<void> {
    const { width, height, data: { length } } = images[0]!;
    const start = this.#isEmpty ? HEADER : 0;
    const bytes = new Uint8Array(start + images.length * length);
    if (this.#isEmpty) {
      const header = new DataView(bytes.buffer);
      header.setUint32(0, width, true);
      header.setUint32(4, height, true);
    }
    images.forEach(({ data }, i) => bytes.set(data, start + i * length));
    try {
      await writeAll(this.#file, bytes);
      await this.#file.syncData();
    } catch (cause) {
      throw fileError(`write ${this.#path}`, cause);
    }
    this.#isEmpty = false;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
