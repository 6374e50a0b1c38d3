/**
 * Bytes that are read by position, from a file or from memory.
 *
 * @module
 */
import { GenviewError, GenviewSyntaxError } from "../errors/mod.ts";
import { explainingFileErrors } from "./file_error.ts";

/** A source of bytes; closes with `using`. */
export interface RandomAccess extends Disposable {
  /** Where the file lies, or how messages call bytes that are in memory. */
  readonly path: string;
  /** Number of bytes. */
  readonly size: number;
  /**
   * Reads `length` bytes from a position, into a buffer of their own.
   *
   * @throws {SyntaxError} if they are not all there; nothing is allocated for what cannot be
   */
  read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

function checkRange(position: number, length: number, size: number): void {
  if (position < 0 || length < 0 || position + length > size) {
    throw new GenviewSyntaxError(
      `the file must have ${position + length} bytes, found its end before, at ${size}`,
    );
  }
}

class FileAccess implements RandomAccess {
  readonly path: string;
  readonly size: number;
  readonly #file: Deno.FsFile;
  /** Ends when the read before has ended: reads share the file's one position. */
  #lastRead: Promise<unknown> = Promise.resolve();

  constructor(path: string, file: Deno.FsFile, size: number) {
    this.path = path;
    this.#file = file;
    this.size = size;
  }

  async read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(position, length, this.size);
    const read = this.#lastRead.then(() => this.#readNow(position, length));
    this.#lastRead = read.catch(() => {
      // The reader of those bytes gets the error; the next one starts afresh.
    });
    return await read;
  }

  async #readNow(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    await this.#file.seek(position, Deno.SeekMode.Start);
    for (let done = 0; done < length;) {
      const count = await this.#file.read(bytes.subarray(done));
      if (count === null) checkRange(position, length, position + done);
      done += count!;
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Opens a file to be read by position. Reads may overlap in time.
 *
 * @throws {GenviewNotFound} if there is none
 * @throws {GenviewError} if the system refuses, or it is a folder
 */
export async function openRandomAccess(path: string): Promise<RandomAccess> {
  const file = await explainingFileErrors(`read ${path}`, Deno.open(path));
  try {
    const { isDirectory, size } = await file.stat();
    if (isDirectory) throw new GenviewError(`Cannot read ${path}: it is a folder; name a file`);
    return new FileAccess(path, file, size);
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Bytes in memory as a source.
 *
 * ```ts
 * import { randomAccessOf } from "./random_access.ts";
 * import { assertEquals } from "@std/assert";
 *
 * using source = randomAccessOf("digits", Uint8Array.of(7, 8, 9));
 * assertEquals(await source.read(1, 2), Uint8Array.of(8, 9));
 * ```
 *
 * @param name how messages call them
 */
export function randomAccessOf(name: string, bytes: Uint8Array): RandomAccess {
  return {
    path: name,
    size: bytes.length,
    // deno-lint-ignore require-await -- what is wrong is a rejection, as it is for files
    async read(position, length) {
      checkRange(position, length, bytes.length);
      return new Uint8Array(bytes.subarray(position, position + length));
    },
    [Symbol.dispose]() {},
  };
}
