/**
 * Files of folders that may be anybody's: opened only if they are plain files, without waiting for a writer and without
 * following a link.
 *
 * @module
 */
import * as fs from "node:fs";
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { fileError, systemCode } from "../../files/file_error.ts";
import { parseJson } from "../../files/json.ts";

// Windows has no pipes among its files.
const { O_RDONLY, O_NONBLOCK = 0 } = fs.constants;

/** Most bytes of a JSON file that is read whole. */
const JSON_BYTES = 16 << 20;

/** A plain file that is open for reading; closes with `using`. */
export class PlainFile implements Disposable {
  /** Bytes, when it was opened. */
  readonly size: number;
  /** What tells it from another file at the same path. */
  readonly identity: string;
  readonly #descriptor: number;
  #isOpen = true;

  private constructor(descriptor: number, stats: fs.Stats) {
    this.#descriptor = descriptor;
    this.size = stats.size;
    this.identity = `${stats.dev}:${stats.ino}`;
  }

  /**
   * Opens a file; undefined if there is none.
   *
   * @throws {GenviewTypeError} if it is a link, a folder, a pipe or a device
   * @throws {GenviewError} if the system refuses
   */
  static open(path: string): PlainFile | undefined {
    let descriptor: number;
    let named: Deno.FileInfo;
    try {
      // Deno resolves links before it opens a file, whatever the flags: what was opened must be what is named.
      named = Deno.lstatSync(path);
      if (!named.isFile) refuse(path);
      descriptor = fs.openSync(path, O_RDONLY | O_NONBLOCK);
    } catch (cause) {
      const code = systemCode(cause);
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw fileError(`read ${path}`, cause);
    }
    const stats = fs.fstatSync(descriptor);
    const isSame = stats.isFile() && stats.ino === named.ino && stats.dev === named.dev;
    if (isSame) return new PlainFile(descriptor, stats);
    fs.closeSync(descriptor);
    refuse(path);
  }

  /** Reads bytes from a position on, as many as there are and fit; how many they were. */
  read(into: Uint8Array, position: number): number {
    let total = 0;
    while (total < into.length) {
      const read = fs.readSync(
        this.#descriptor,
        into,
        total,
        into.length - total,
        position + total,
      );
      if (read === 0) break;
      total += read;
    }
    return total;
  }

  /** The last bytes, at most so many. */
  tail(bytes: number): Uint8Array<ArrayBuffer> {
    const part = new Uint8Array(Math.min(bytes, this.size));
    return part.subarray(0, this.read(part, this.size - part.length));
  }

  /** Closes the file, once. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    fs.closeSync(this.#descriptor);
  }
}

function refuse(path: string): never {
  throw new GenviewTypeError(
    `Cannot read ${path}: it must be a plain file, found a link, a folder, a pipe or a device`,
  );
}

/**
 * A JSON file; undefined if there is none.
 *
 * @throws {GenviewTypeError} if it is no plain file
 * @throws {GenviewRangeError} if it has more than 16 MiB
 * @throws {GenviewSyntaxError} if it is no JSON
 */
export function readPlainJson(path: string): unknown {
  using file = PlainFile.open(path);
  if (file === undefined) return undefined;
  if (file.size > JSON_BYTES) {
    throw new GenviewRangeError(
      `Cannot read ${path}: it must have at most ${JSON_BYTES} bytes, found ${file.size}`,
    );
  }
  return parseJson(new TextDecoder().decode(file.tail(JSON_BYTES)), `read ${path}`);
}

/** Size and time of a plain file; undefined for anything else. */
export function fileState(
  path: string,
): { readonly size: number; readonly changed: number } | undefined {
  try {
    const { isFile, size, mtime } = Deno.lstatSync(path);
    return isFile ? { size, changed: mtime?.getTime() ?? 0 } : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || systemCode(error) === "ENOTDIR") return undefined;
    throw fileError(`read ${path}`, error);
  }
}
