/**
 * The files in a tar by their headers alone: what lies between these is not read.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Header, Pax } from "../../deps/tar_header.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { openRandomAccess, type RandomAccess } from "../../files/random_access.ts";
import { isGzip } from "../tar/compression.ts";
import { pathWithin, refused } from "../tar/entries.ts";

/** A file in a tar. */
export interface TarMember {
  /** Its path in the tar's tree, with slashes. */
  readonly path: string;
  /** Where its bytes begin in the tar. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Reads them. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

const BLOCK_BYTES = 512;

/** Bytes that are read at a time: small files and their headers come together. */
const WINDOW_BYTES = 1 << 14;

/** Names and other attributes of the next file, at most. */
const MOST_ATTRIBUTE_BYTES = 1 << 20;

/** A file that is read forwards, with what lies close together in one piece. */
class Window {
  readonly #file: RandomAccess;
  #start = 0;
  #bytes = new Uint8Array(0);

  constructor(file: RandomAccess) {
    this.#file = file;
  }

  async read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const isThere = position >= this.#start &&
      position + length <= this.#start + this.#bytes.length;
    if (!isThere) {
      const rest = this.#file.size - position;
      this.#bytes = await this.#file.read(position, Math.min(rest, Math.max(WINDOW_BYTES, length)));
      this.#start = position;
    }
    return this.#bytes.subarray(position - this.#start, position - this.#start + length);
  }
}

function damaged(path: string, offset: number, found: string): TypeError {
  return new GenviewTypeError(
    `Cannot read the shard ${path}: it must be a whole tar, found ${found} at byte ${offset}`,
  );
}

/** What headers of their own say of the file that follows, or of all. */
interface Attributes {
  next: Pax | undefined;
  all: Pax | undefined;
}

/** Takes note of a header that describes others; gives whether it is one. */
function takeAttributes(type: string, body: () => string, attributes: Attributes): boolean {
  const named = () => Object.assign(Object.create(null), attributes.next);
  switch (type) {
    case "ExtendedHeader":
    case "OldExtendedHeader":
      attributes.next = Pax.parse(body(), attributes.next, false);
      return true;
    case "GlobalExtendedHeader":
      attributes.all = Pax.parse(body(), attributes.all, true);
      return true;
    case "NextFileHasLongPath":
    case "OldGnuLongPath":
      attributes.next = Object.assign(named(), { path: body().replace(/\0.*/s, "") });
      return true;
    case "NextFileHasLongLinkpath":
      return true;
    default:
      return false;
  }
}

/**
 * The files of a tar that is not compressed, in its order.
 *
 * @throws {TypeError} if it is compressed, damaged or truncated, naming the byte, or holds a link or anything else that is
 * neither file nor folder
 */
export async function* tarMembers(path: string): AsyncGenerator<TarMember> {
  using file = await openRandomAccess(path);
  const { size: total } = file;
  if (await isGzip([{ path, size: total }])) {
    throw new GenviewTypeError(
      `Cannot read the shard ${path}: what is read in place must not be compressed, found gzip; decompress it first (gunzip ${path})`,
    );
  }
  const window = new Window(file);
  const attributes: Attributes = { next: undefined, all: undefined };
  for (let position = 0;;) {
    if (position + BLOCK_BYTES > total) {
      throw damaged(path, total, "its end before a block of zeros");
    }
    const block = Buffer.from(await window.read(position, BLOCK_BYTES));
    const header = new Header(block, 0, attributes.next, attributes.all);
    if (header.nullBlock) return;
    if (!header.cksumValid) throw damaged(path, position, "no header of a file");
    const [name, size, offset] = [header.path ?? "", header.size ?? 0, position + BLOCK_BYTES];
    if (offset + size > total) {
      throw damaged(path, total, `its end within ${JSON.stringify(name)}, which begins`);
    }
    position = offset + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
    const describes = header.type.endsWith("Header") || header.type.includes("Long");
    if (describes && size > MOST_ATTRIBUTE_BYTES) {
      throw damaged(path, offset, `${size} bytes of a file's attributes`);
    }
    const body = describes ? new TextDecoder().decode(await window.read(offset, size)) : "";
    if (takeAttributes(header.type, () => body, attributes)) continue;
    attributes.next = undefined;
    if (header.type === "Directory") continue;
    if (!["File", "OldFile", "ContiguousFile"].includes(header.type)) {
      throw refused(name, `the shard ${path} may hold only files and folders`, header.type);
    }
    yield {
      path: pathWithin(name),
      offset,
      size,
      read: () => window.read(offset, size),
    };
  }
}
