/**
 * A tar in parts, read as if they were one file.
 *
 * @module
 */
import { GenviewNotFound, GenviewTypeError } from "../../errors/mod.ts";
import { basename, join } from "node:path";
import { explainingFileErrors, fileError } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { checkPartNames, comparePartNames, isTarName } from "./part_names.ts";

/** One of the files that make up a tar when they are joined. */
export interface TarPart {
  /** Where it lies. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

const CHUNK_BYTES = 1 << 18;

/** Files of a folder of which the names fit. */
async function list(folder: string, fits: (name: string) => boolean): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (!isDirectory && !name.startsWith(".") && fits(name)) paths.push(join(folder, name));
    }
  } catch (cause) {
    throw fileError(`look for parts of a tar in ${folder}`, cause);
  }
  return paths;
}

/** Matches the names that a pattern with `*` (any characters) and `?` (one) stands for. */
export function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

/** The files that a place stands for: itself, those in it, or those that match it. */
async function expand(place: string): Promise<string[]> {
  const found = await explainingFileErrors(`read ${place}`, ifThere(Deno.stat(place)));
  if (found?.isFile) return [place];
  if (found?.isDirectory) return await list(place, isTarName);
  const name = basename(place);
  if (!/[*?]/.test(name)) {
    throw new GenviewNotFound(
      `Cannot read ${place}: it must be a part, a folder of parts or a pattern, found no such file`,
    );
  }
  const pattern = globPattern(name);
  return await list(
    place.slice(0, place.length - name.length) || ".",
    (each) => pattern.test(each),
  );
}

/**
 * Finds the parts of a tar and puts them in order.
 *
 * @param places files, folders that hold parts, or patterns with `*` and `?` in the file name
 * @throws {Deno.errors.NotFound} if there are none, or one is missing in between
 * @throws {TypeError} if the files are not the parts of one tar, or one in between is shorter or longer than the others
 */
export async function findTarParts(places: readonly string[]): Promise<TarPart[]> {
  const paths = new Set((await Promise.all(places.map(expand))).flat());
  if (paths.size === 0) {
    throw new GenviewNotFound(
      `Cannot find the parts of a tar in ${places.join(", ")}: there must be files such as ` +
        "train_variations.tar.aa, found none",
    );
  }
  const ordered = [...paths].sort((a, b) => comparePartNames(basename(a), basename(b)));
  checkPartNames(ordered.map((path) => basename(path)));
  const parts = await Promise.all(ordered.map(partAt));
  checkSizes(parts);
  return parts;
}

/** The part in a file. Nothing but regular files is opened: a pipe would wait for ever for someone to write. */
async function partAt(path: string): Promise<TarPart> {
  const { isFile, size } = await explainingFileErrors(`read ${path}`, Deno.stat(path));
  if (isFile) return { path, size };
  throw new GenviewTypeError(
    `Cannot read ${path}: a part of a tar must be a regular file, found none`,
  );
}

/** Only the last part differs in size: any other has been cut off, and all that follows it would be misread. */
function checkSizes(parts: readonly TarPart[]): void {
  const [first, ...others] = parts;
  const odd = others.slice(0, -1).find(({ size }) => size !== first!.size);
  if (odd === undefined) return;
  throw new GenviewTypeError(
    `Cannot join the parts of a tar: all but the last must have the same size, found ` +
      `${first!.size} bytes in ${first!.path} and ${odd.size} in ${odd.path}; one is truncated`,
  );
}

/** Bytes of all parts. */
export function totalSize(parts: readonly TarPart[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

/** A part is not what it was. */
export function changedPart({ path, size }: TarPart, found: string): TypeError {
  return new GenviewTypeError(
    `Cannot read ${path}: it must be the part of ${size} bytes that it was, found ${found}`,
  );
}

/**
 * The bytes of all parts, joined.
 *
 * @param onBytes called with how many bytes have been read so far
 * @throws {TypeError} if a part has become shorter meanwhile
 */
export async function* readParts(
  parts: readonly TarPart[],
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  for (const part of parts) {
    using file = await explainingFileErrors(`read ${part.path}`, Deno.open(part.path));
    for (let left = part.size; left > 0;) {
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, left));
      const length = await file.read(chunk);
      if (length === null) throw changedPart(part, `${part.size - left} bytes`);
      left -= length;
      onBytes?.(bytes += length);
      yield chunk.subarray(0, length);
    }
  }
}

/** Fills `bytes` from an offset of a file on. */
async function readAt(part: TarPart, offset: number, bytes: Uint8Array): Promise<void> {
  using file = await explainingFileErrors(`read ${part.path}`, Deno.open(part.path));
  await file.seek(offset, Deno.SeekMode.Start);
  for (let filled = 0; filled < bytes.length;) {
    const length = await file.read(bytes.subarray(filled));
    if (length === null) throw changedPart(part, `${offset + filled} bytes`);
    filled += length;
  }
}

/**
 * Bytes from the middle of the joined parts, from one or from several.
 *
 * @param offset where they begin, counted from the beginning of the first part
 * @throws {TypeError} if a part has become shorter
 */
export async function readRange(
  parts: readonly TarPart[],
  offset: number,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  let start = 0;
  for (const part of parts) {
    const from = Math.max(offset, start);
    const to = Math.min(offset + size, start + part.size);
    if (from < to) await readAt(part, from - start, bytes.subarray(from - offset, to - offset));
    start += part.size;
  }
  return bytes;
}
