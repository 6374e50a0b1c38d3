/**
 * The table of a zip archive, and where its entries lie. PyTorch writes them stored as they are; wheels deflate them.
 *
 * {@link https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT | The format}: sections 4.3.7 (local header),
 * 4.3.12 (central directory), 4.3.14 to 4.3.16 (its end, and zip64's), 4.5.3 (zip64's extra field).
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import type { RandomAccess } from "../files/random_access.ts";

/** Signatures, as little-endian integers. */
const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;

const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER_BYTES = 46;
const END_BYTES = 22;
const END64_LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const MAX_COMMENT_BYTES = 0xffff;

/** What a 32-bit field holds if the value stands in zip64's field. */
const IN_ZIP64 = 0xffffffff;

/** Methods of compression. */
const STORED = 0;
const DEFLATED = 8;

/** An entry of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes that it takes in the file, and that it unpacks to if it is stored. */
  readonly size: number;
  /** Whether it is neither compressed nor encrypted. */
  readonly stored: boolean;
  /** Whether it is compressed by deflate, and not encrypted. */
  readonly deflated: boolean;
  /** Bytes that it unpacks to. */
  readonly unpackedSize: number;
  /** Where its local header lies. */
  readonly header: number;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function uint64(view: DataView, position: number): number {
  const value = Number(view.getBigUint64(position, true));
  if (!Number.isSafeInteger(value)) {
    throw new GenviewSyntaxError(`a position in an archive must be below 2^53, found ${value}`);
  }
  return value;
}

interface Directory {
  readonly offset: number;
  readonly bytes: number;
  readonly entries: number;
}

/** The place of the archive's end record: the last one whose comment fills the rest of the file. */
function findEnd(tail: DataView): number {
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    const found = tail.getUint32(at, true) === END;
    if (found && at + END_BYTES + tail.getUint16(at + 20, true) === tail.byteLength) return at;
  }
  throw new GenviewSyntaxError(
    "an archive must end in its table, found none: the file has been cut, or is no archive",
  );
}

async function findDirectory(source: RandomAccess): Promise<Directory> {
  const length = Math.min(source.size, END_BYTES + MAX_COMMENT_BYTES);
  const tail = viewOf(await source.read(source.size - length, length));
  const end = findEnd(tail);
  const short = {
    entries: tail.getUint16(end + 10, true),
    bytes: tail.getUint32(end + 12, true),
    offset: tail.getUint32(end + 16, true),
  };
  const locator = source.size - length + end - END64_LOCATOR_BYTES;
  if (locator < 0) return short;
  const located = viewOf(await source.read(locator, END64_LOCATOR_BYTES));
  if (located.getUint32(0, true) !== END64_LOCATOR) return short;
  const long = viewOf(await source.read(uint64(located, 8), END64_BYTES));
  if (long.getUint32(0, true) !== END64) {
    throw new GenviewSyntaxError(
      "an archive's 64-bit end must lie where the locator says, found others",
    );
  }
  return { entries: uint64(long, 32), bytes: uint64(long, 40), offset: uint64(long, 48) };
}

/** The zip64 extra field's values, which stand there in this order if the short field has no room for them. */
function widened(extra: DataView, short: readonly number[]): number[] {
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const [id, bytes] = [extra.getUint16(at, true), extra.getUint16(at + 2, true)];
    if (id === 1 && at + 4 + bytes <= extra.byteLength) {
      let next = at + 4;
      return short.map((value) => {
        if (value !== IN_ZIP64) return value;
        if (next + 8 > at + 4 + bytes) {
          throw new GenviewSyntaxError("a zip64 field must hold all it must");
        }
        next += 8;
        return uint64(extra, next - 8);
      });
    }
    at += 4 + bytes;
  }
  return [...short];
}

function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new GenviewSyntaxError("an archive's names must be UTF-8, found other bytes", { cause });
  }
}

function parseEntry(bytes: Uint8Array, at: number): { entry: ZipEntry; next: number } {
  const view = viewOf(bytes);
  const fits = at + CENTRAL_HEADER_BYTES <= bytes.length;
  if (!fits || view.getUint32(at, true) !== CENTRAL_HEADER) {
    throw new GenviewSyntaxError(
      `an archive's table must have an entry at its byte ${at}, found none`,
    );
  }
  const nameEnd = at + CENTRAL_HEADER_BYTES + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > bytes.length) {
    throw new GenviewSyntaxError(
      `an entry of an archive must end in its table, found it at ${next}`,
    );
  }
  const name = decodeName(bytes.subarray(at + CENTRAL_HEADER_BYTES, nameEnd));
  const [unpacked, packed, header] = widened(viewOf(bytes.subarray(nameEnd, extraEnd)), [
    view.getUint32(at + 24, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 42, true),
  ]) as [number, number, number];
  const method = view.getUint16(at + 10, true);
  const plain = (view.getUint16(at + 8, true) & 1) === 0;
  const entry = {
    name,
    size: packed,
    stored: plain && method === STORED && packed === unpacked,
    deflated: plain && method === DEFLATED,
    unpackedSize: unpacked,
    header,
  };
  return { entry, next };
}

/**
 * Reads an archive's table.
 *
 * @returns its entries by name
 * @throws {SyntaxError} if the file is no archive, or the table breaks a rule of the format
 */
export async function readZipEntries(source: RandomAccess): Promise<Map<string, ZipEntry>> {
  if (source.size < END_BYTES) {
    throw new GenviewSyntaxError(
      `an archive must have ${END_BYTES} bytes or more, found ${source.size}`,
    );
  }
  const directory = await findDirectory(source);
  const table = await source.read(directory.offset, directory.bytes);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at < table.length;) {
    const { entry, next } = parseEntry(table, at);
    if (entries.has(entry.name)) {
      throw new GenviewSyntaxError(
        `an archive must have each name once, found "${entry.name}" twice`,
      );
    }
    entries.set(entry.name, entry);
    at = next;
  }
  if (entries.size !== directory.entries) {
    throw new GenviewSyntaxError(
      `the archive's table must have ${directory.entries} entries, found ${entries.size}`,
    );
  }
  return entries;
}

/**
 * Where an entry's bytes begin, as they are stored. Only its local header tells, for its extra field is of another length
 * than the table's: PyTorch aligns data by it.
 *
 * @throws {SyntaxError} if there is no such header, or the entry is compressed, or ends beyond the file
 */
export async function locateZipEntry(source: RandomAccess, entry: ZipEntry): Promise<number> {
  if (!entry.stored) {
    throw new GenviewSyntaxError(
      `entry "${entry.name}" must be stored as it is, found it compressed or encrypted: ` +
        "save the file again with torch.save",
    );
  }
  return await locateZipData(source, entry);
}

/**
 * Where an entry's bytes begin, however they are compressed.
 *
 * @throws {SyntaxError} if there is no such header, or the entry ends beyond the file
 */
export async function locateZipData(source: RandomAccess, entry: ZipEntry): Promise<number> {
  const view = viewOf(await source.read(entry.header, LOCAL_HEADER_BYTES));
  if (view.getUint32(0, true) !== LOCAL_HEADER) {
    throw new GenviewSyntaxError(`entry "${entry.name}" must have a header at ${entry.header}`);
  }
  const nameBytes = view.getUint16(26, true);
  const data = entry.header + LOCAL_HEADER_BYTES + nameBytes + view.getUint16(28, true);
  const name = await source.read(entry.header + LOCAL_HEADER_BYTES, nameBytes);
  if (decodeName(name) !== entry.name) {
    throw new GenviewSyntaxError(`the header at ${entry.header} must be that of "${entry.name}"`);
  }
  if (data + entry.size > source.size) {
    throw new GenviewSyntaxError(
      `entry "${entry.name}" must end by byte ${source.size}, found ${data + entry.size}`,
    );
  }
  return data;
}
