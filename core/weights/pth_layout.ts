/**
 * The two containers of PyTorch's files: the zip archive, and what came before version 1.6. Both hold a pickle, and
 * storages that it refers to.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import { byteSize } from "../engine/graph/dtype.ts";
import { type PickleSchema, unpickle, type Unpickled } from "./pickle.ts";
import { PickleCut } from "./pickle_reader.ts";
import { describeValue, type PickleValue } from "./pickle_values.ts";
import { PTH_SCHEMA, Storage, UnreadableTensor } from "./pth_objects.ts";
import type { RandomAccess } from "../files/random_access.ts";
import { locateZipEntry, readZipEntries, type ZipEntry } from "./zip.ts";

/** Most bytes of a pickle, which is held in memory while it is read; a model's has some 100 kB. */
const MAX_PICKLE_BYTES = 256 * 2 ** 20;

/** What a file holds, and where its storages lie. */
export interface PthContent {
  readonly value: PickleValue;
  /** Bytes of the pickle. */
  readonly pickleBytes: number;
  /**
   * First byte of a storage.
   *
   * @throws {SyntaxError} if the file does not hold all of it
   */
  locate(storage: Storage): Promise<number>;
}

function checkPickleSize(bytes: number): void {
  if (bytes <= MAX_PICKLE_BYTES) return;
  throw new GenviewSyntaxError(
    `its pickle must take at most ${MAX_PICKLE_BYTES} bytes, found ${bytes}`,
  );
}

async function readText(source: RandomAccess, entry: ZipEntry): Promise<string> {
  const length = Math.min(entry.size, 80);
  const start = await locateZipEntry(source, entry);
  return new TextDecoder().decode(await source.read(start, length)).trim();
}

function rootFolder(entries: ReadonlyMap<string, ZipEntry>): string {
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length === 1) return pickles[0]!.slice(0, -"data.pkl".length);
  const found = [...entries.keys()].slice(0, 3).join(", ");
  throw new GenviewSyntaxError(
    `the archive must hold one data.pkl, as torch.save writes it, found ${pickles.length} among ` +
      `${entries.size} entries (${found})`,
  );
}

/**
 * Reads the pickle of a zip archive.
 *
 * @throws {SyntaxError} if the archive or the pickle breaks a rule
 */
export async function readPthArchive(source: RandomAccess): Promise<PthContent> {
  const entries = await readZipEntries(source);
  const root = rootFolder(entries);
  const byteOrder = entries.get(`${root}byteorder`);
  if (byteOrder !== undefined) {
    const order = await readText(source, byteOrder);
    if (order !== "little") {
      throw new GenviewSyntaxError(
        `its byte order must be "little", found ${describeValue(order)}`,
      );
    }
  }
  const pickle = entries.get(`${root}data.pkl`)!;
  checkPickleSize(pickle.size);
  const bytes = await source.read(await locateZipEntry(source, pickle), pickle.size);
  return {
    value: unpickle(bytes, 0, PTH_SCHEMA).value,
    pickleBytes: bytes.length,
    locate: async ({ key, dtype, length }) => {
      const entry = entries.get(`${root}data/${key}`);
      const wanted = length * byteSize(dtype);
      if (entry === undefined || entry.size < wanted) {
        throw new GenviewSyntaxError(
          `storage "${key}" must have ${wanted} bytes, found ${entry?.size ?? "no such entry"}`,
        );
      }
      return await locateZipEntry(source, entry);
    },
  };
}

/** First number of a file in the older format. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** How a file in the older format begins: protocol 2, and an integer of ten bytes, the magic number. */
const LEGACY_START = Uint8Array.fromHex("80028a0a6cfc9c46f9206aa85019");

const FIRST_WINDOW_BYTES = 1 << 16;

/** Pickles that follow each other in a file; none tells its length before it is read. */
class PickleStream {
  readonly #source: RandomAccess;
  #bytes: Uint8Array = new Uint8Array(0);
  position = 0;

  constructor(source: RandomAccess) {
    this.#source = source;
  }

  async next(schema: PickleSchema): Promise<PickleValue> {
    for (;;) {
      try {
        const { value, end }: Unpickled = unpickle(this.#bytes, this.position, schema);
        this.position = end;
        return value;
      } catch (error) {
        const whole = this.#bytes.length === this.#source.size;
        if (!(error instanceof PickleCut) || whole) throw error;
        await this.#grow();
      }
    }
  }

  async #grow(): Promise<void> {
    const window = Math.max(FIRST_WINDOW_BYTES, 2 * this.#bytes.length);
    const length = Math.min(this.#source.size, window);
    checkPickleSize(length);
    this.#bytes = await this.#source.read(0, length);
  }
}

function expectValue(value: PickleValue, wanted: PickleValue, what: string): void {
  if (value === wanted) return;
  throw new GenviewSyntaxError(`its ${what} must be ${wanted}, found ${describeValue(value)}`);
}

/** Places of the storages: each begins with the number of its elements, after which they follow. */
async function locateLegacyStorages(
  source: RandomAccess,
  keys: PickleValue,
  storages: ReadonlyMap<string, Storage>,
  start: number,
): Promise<Map<string, number>> {
  if (!Array.isArray(keys)) {
    throw new GenviewSyntaxError(
      `its storages must be a list of names, found ${describeValue(keys)}`,
    );
  }
  const places = new Map<string, number>();
  let position = start;
  for (const key of keys) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (storage === undefined || places.has(storage.key)) {
      throw new GenviewSyntaxError(
        `each of its storages must be one that is used and stand there once, found ${
          describeValue(key)
        }`,
      );
    }
    const view = new DataView((await source.read(position, 8)).buffer);
    const length = Number(view.getBigInt64(0, true));
    if (length !== storage.length) {
      throw new GenviewSyntaxError(
        `storage "${storage.key}" must have ${storage.length} elements, found ${length}`,
      );
    }
    places.set(storage.key, position + 8);
    position += 8 + length * byteSize(storage.dtype);
    if (position > source.size) {
      throw new GenviewSyntaxError(
        `the file must have ${position} bytes or more, found ${source.size}: it has been cut`,
      );
    }
  }
  return places;
}

/** Whether a file begins as those of the older format do. */
export function isLegacyPth(start: Uint8Array): boolean {
  return LEGACY_START.every((byte, i) => start[i] === byte);
}

/**
 * Reads the pickles of a file in the format before PyTorch 1.6.
 *
 * @throws {SyntaxError} if they break a rule
 */
export async function readLegacyPth(source: RandomAccess): Promise<PthContent> {
  const storages = new Map<string, Storage>();
  const unknown: UnreadableTensor[] = [];
  const schema: PickleSchema = {
    call: PTH_SCHEMA.call,
    persistent(id) {
      const value = PTH_SCHEMA.persistent(id);
      if (value instanceof UnreadableTensor) unknown.push(value);
      if (!(value instanceof Storage)) return value;
      const known = storages.get(value.key);
      if (known !== undefined && (known.dtype !== value.dtype || known.length !== value.length)) {
        throw new GenviewSyntaxError(`storage "${value.key}" must be of one type and length`);
      }
      storages.set(value.key, value);
      return value;
    },
  };
  const stream = new PickleStream(source);
  expectValue(await stream.next(schema), MAGIC, "magic number");
  expectValue(await stream.next(schema), PROTOCOL, "protocol");
  await stream.next(schema);
  const value = await stream.next(schema);
  const pickleBytes = stream.position;
  if (unknown.length > 0) {
    throw new GenviewSyntaxError(
      "every storage must be of a known type, for each begins where another ends; of one tensor " +
        `${unknown[0]!.reason}: save the file again with torch.save`,
    );
  }
  const keys = await stream.next(schema);
  const places = await locateLegacyStorages(source, keys, storages, stream.position);
  return {
    value,
    pickleBytes,
    locate: ({ key }) => {
      const place = places.get(key);
      if (place === undefined) {
        return Promise.reject(
          new GenviewSyntaxError(`storage "${key}" must be in the file, found none`),
        );
      }
      return Promise.resolve(place);
    },
  };
}
