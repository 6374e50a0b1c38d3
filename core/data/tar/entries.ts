/**
 * The files in a tar, one after the other, in a single pass.
 *
 * @module
 */
import { GenviewTypeError, isGenviewError } from "../../errors/mod.ts";
import { extract, type Header } from "../../deps/tar_stream.ts";
import { isGzip } from "./compression.ts";
import { readParts, type TarPart, totalSize } from "./parts.ts";

/** A file in a tar. */
export interface TarEntry {
  /** Where it lies in the tar's tree, with slashes; it leads nowhere else. */
  readonly path: string;
  /** Where its bytes begin in the tar. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Its bytes, once, before the next entry is asked for. */
  read(): AsyncIterable<Uint8Array>;
}

const BLOCK_BYTES = 512;

/** The package gives the offset of an entry's bytes, and its types do not tell. */
type PlacedHeader = Header & { readonly byteOffset: number };

/** How far a tar has been read. */
interface Position {
  /** Bytes of the tar that have been handed to the reader. */
  fed: number;
  /** The last block of those. */
  tail: Uint8Array;
  /** The entry that was met last, and where it ends with what fills its last block. */
  entry: string | undefined;
  entryEnd: number;
}

/** Refuses an entry, by its name. */
export function refused(name: string, rule: string, found: string): TypeError {
  return new GenviewTypeError(
    `Cannot take ${JSON.stringify(name)} out of the tar: ${rule}, found ${found}`,
  );
}

/**
 * The path of an entry within a folder; empty if it is that folder.
 *
 * @throws {TypeError} if it could lead out of it
 */
export function pathWithin(name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  const rule = "its path must stay within the folder that it goes to";
  if (name.startsWith("/") || /^[a-z]:/i.test(name)) throw refused(name, rule, "an absolute path");
  if (parts.includes("..")) throw refused(name, rule, '".."');
  if (/[\\\0]/.test(name)) throw refused(name, rule, "a backslash or a zero byte");
  return parts.join("/");
}

/** The path of a file; undefined for a folder. */
function filePath({ name, type, size, pax }: PlacedHeader): string | undefined {
  const path = pathWithin(name);
  // Old archives mark folders by nothing but the slash.
  if (type === "directory" || (name.endsWith("/") && size === 0)) return undefined;
  const rule = "a tar of images may hold only files and folders";
  if (type !== "file" && type !== "contiguous-file") {
    throw refused(name, rule, type === null ? "an entry of unknown kind" : `a ${type}`);
  }
  if (Object.keys(pax ?? {}).some((key) => key.startsWith("GNU.sparse"))) {
    throw refused(name, rule, "a sparse file");
  }
  if (path === "" || name.endsWith("/")) throw refused(name, rule, "a file without a name");
  return path;
}

/** Refuses a path that another file has, or that is a folder or in a file, and takes note of it. */
function checkOwn(name: string, path: string, files: Set<string>, folders: Set<string>): void {
  const rule = "its path must be its own";
  if (files.has(path)) throw refused(name, rule, "a second entry of it");
  if (folders.has(path)) throw refused(name, rule, "files below it");
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    const folder = path.slice(0, slash);
    // Folders that are known have been checked, and so have those that they are in.
    if (folders.has(folder)) break;
    if (files.has(folder)) throw refused(name, rule, `the file ${JSON.stringify(folder)}`);
    folders.add(folder);
  }
  files.add(path);
}

/** Hands the bytes of a tar to its reader as fast as that takes them. */
async function feed(
  bytes: AsyncIterable<Uint8Array>,
  reader: ReturnType<typeof extract>,
  position: Position,
): Promise<void> {
  let wake: () => void = () => {};
  reader.on("drain", () => wake());
  reader.on("close", () => wake());
  try {
    for await (const chunk of bytes) {
      if (reader.destroying) return;
      position.fed += chunk.length;
      position.tail = chunk.length >= BLOCK_BYTES
        ? chunk.slice(-BLOCK_BYTES)
        : new Uint8Array([...position.tail, ...chunk]).slice(-BLOCK_BYTES);
      if (!reader.write(chunk)) await new Promise<void>((resolve) => wake = resolve);
    }
    reader.end(undefined);
  } catch (error) {
    reader.destroy(error as Error);
  }
}

/** A tar that stops before it is complete. */
function truncated(parts: readonly TarPart[], position: Position, cause?: unknown): TypeError {
  const { entry, entryEnd, fed } = position;
  const where = entry === undefined
    ? "before the first entry"
    : fed < entryEnd
    ? `within ${JSON.stringify(entry)}`
    : `behind ${JSON.stringify(entry)}`;
  return new GenviewTypeError(
    `Cannot read ${parts.at(-1)!.path}: the tar must end in a block of zeros, found its end ` +
      `${where}; this part is truncated, or others that follow it are missing`,
    { cause },
  );
}

/** An error of the package or of the decompression in terms of the parts. */
function explain(
  error: unknown,
  parts: readonly TarPart[],
  position: Position,
  isCutOff: boolean,
): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (isGenviewError(error)) return error;
  if (isCutOff || message === "Unexpected end of data") return truncated(parts, position, error);
  const where = position.entry === undefined
    ? "at its beginning"
    : `behind ${JSON.stringify(position.entry)}`;
  return new GenviewTypeError(
    `Cannot read the tar that begins in ${
      parts[0]!.path
    }: it must be whole, as it is or in gzip, ` +
      `found damage ${where}: ${message}`,
    { cause: error },
  );
}

/**
 * The files of a tar in parts, in its order; a tar that is compressed by gzip is decompressed on the way. What an entry
 * holds is read before the next is asked for; if it is not, it is skipped.
 *
 * @param onBytes called with how many bytes of the parts have been read so far
 * @throws {TypeError} if the tar is damaged or truncated, or compressed by anything but gzip; if an entry is neither file nor folder, its path leads out of
 * the tar, or two have the same
 */
export async function* tarEntries(
  parts: readonly TarPart[],
  onBytes?: (bytes: number) => void,
): AsyncGenerator<TarEntry> {
  const total = totalSize(parts);
  let bytesRead = 0;
  const joined = readParts(parts, (bytes) => {
    bytesRead = bytes;
    onBytes?.(bytes);
  });
  const compressed = await isGzip(parts);
  const bytes = compressed
    ? ReadableStream.from(joined).pipeThrough(new DecompressionStream("gzip"))
    : joined;
  const position: Position = { fed: 0, tail: new Uint8Array(0), entry: undefined, entryEnd: 0 };
  // What ends too early and what is damaged at its very end look alike to the decompression.
  const isCutOff = (error: unknown) =>
    compressed && error instanceof TypeError && bytesRead === total;
  const explained = (error: unknown) => explain(error, parts, position, isCutOff(error));
  const reader = extract();
  let failure: unknown;
  reader.on("error", (error) => failure = error);
  const closed = new Promise<void>((resolve) => reader.on("close", () => resolve()));
  const streams = reader[Symbol.asyncIterator]();
  const feeding = feed(bytes, reader, position);
  const [files, folders] = [new Set<string>(), new Set<string>()];
  try {
    for (;;) {
      const next = await streams.next().catch((error) => {
        throw explained(error);
      });
      if (next.done) break;
      const header = next.value.header as PlacedHeader;
      const { name, byteOffset: offset, size } = header;
      const path = filePath(header);
      position.entry = name;
      position.entryEnd = offset + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
      if (path !== undefined) {
        checkOwn(name, path, files, folders);
        const stream = next.value;
        const read = async function* (): AsyncGenerator<Uint8Array> {
          try {
            for await (const chunk of stream) yield chunk as Uint8Array;
          } catch (error) {
            // An entry's stream may end before the reader's own error, which says why, is there.
            await closed;
            throw explained(failure ?? error);
          }
        };
        yield { path, offset, size, read };
      }
      next.value.resume();
    }
    const hasEnd = position.fed - position.entryEnd >= BLOCK_BYTES &&
      position.tail.length === BLOCK_BYTES && position.tail.every((byte) => byte === 0);
    if (!hasEnd) throw truncated(parts, position);
  } finally {
    reader.destroy();
    await feeding;
  }
}
