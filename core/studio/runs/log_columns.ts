/**
 * Logs of JSON lines as columns of numbers, read on from where they were read to.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { LineReader } from "./line_reader.ts";
import { PlainFile } from "./plain_file.ts";

/** Stands for a value that a record does not have; NaN for one that was not finite. */
export const MISSING: number = -Number.MAX_VALUE;

/** Bytes that are read at once. */
const CHUNK = 8 << 20;

/** Most bytes of a line; longer ones are damaged. */
const LINE_BYTES = 1 << 20;

/** Most metrics of a log, and most values of all of them. */
const NAMES = 256;
const VALUES = 1 << 27;

/** Most bytes of a log. */
const LOG_BYTES = 2 ** 36;

/** Bytes before the end of what was read, by which a log that was cut and written anew differs from one that grew. */
const SEAL = 256;

const NEWLINE = 0x0a;

/** What {@linkcode LogColumns.refresh} found. */
export type LogChange = "none" | "grown" | "anew";

/** A column that grows. */
class Column {
  values = new Float64Array(1024);

  grow(length: number): void {
    if (length <= this.values.length) return;
    const grown = new Float64Array(Math.max(length, Math.ceil(this.values.length * 1.5)));
    grown.set(this.values);
    this.values = grown;
  }
}

/** The records of a log of numbers by step. */
export class LogColumns {
  /** Where the log lies. */
  readonly path: string;
  /** Lines that no record could be read from. */
  damaged = 0;
  /** Records that were read. */
  length = 0;
  #steps = new Column();
  #columns: Column[] = [];
  #names: string[] = [];
  #reader: LineReader;
  #read = 0;
  #identity = "";
  #seal = new Uint8Array();
  /** The beginning of a line whose end was not there yet. */
  #rest = new Uint8Array();
  /** Whether a line is being left out that was longer than any. */
  #skips = false;

  /** Nothing is read yet. */
  constructor(path: string) {
    this.path = path;
    this.#reader = this.#newReader();
  }

  #newReader(): LineReader {
    return new LineReader((name) => this.#addName(name));
  }

  #addName(name: string): number {
    if (this.#names.length >= NAMES) return -1;
    const column = new Column();
    column.grow(this.#steps.values.length);
    column.values.fill(MISSING, 0, this.length);
    this.#names.push(name);
    return this.#columns.push(column) - 1;
  }

  /** Names of all metrics, in the order in which they came. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Steps of the records, which never fall. */
  get steps(): Float64Array {
    return this.#steps.values.subarray(0, this.length);
  }

  /** Values of a metric; undefined if no record has it. */
  column(name: string): Float64Array | undefined {
    return this.#columns[this.#names.indexOf(name)]?.values.subarray(0, this.length);
  }

  /** Bytes of memory that the columns take. */
  get bytes(): number {
    return (this.#columns.length + 1) * this.#steps.values.byteLength;
  }

  /**
   * Reads what the log has more than before; all of it, if it was written anew. A last line without its break is left for
   * later.
   *
   * @throws {GenviewTypeError} if it is no plain file
   * @throws {GenviewRangeError} if it has more than can be shown
   * @throws {GenviewError} if the system refuses
   */
  async refresh(): Promise<LogChange> {
    using file = PlainFile.open(this.path);
    if (file === undefined) return this.#forget();
    if (file.size > LOG_BYTES) {
      throw new GenviewRangeError(
        `Cannot show ${this.path}: it must have at most ${LOG_BYTES} bytes, found ${file.size}`,
      );
    }
    const isAnew = this.#isAnew(file);
    if (isAnew) this.#forget();
    const before = this.length;
    const buffer = new Uint8Array(Math.min(CHUNK, Math.max(0, file.size - this.#read)));
    while (this.#read < file.size) {
      const read = file.read(buffer, this.#read);
      if (read === 0) break;
      this.#read += read;
      this.#take(buffer.subarray(0, read));
      this.#expect(file.size);
      // Others are answered between parts.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.#identity = file.identity;
    this.#seal = sealOf(file, this.#read);
    if (isAnew && before + this.length > 0) return "anew";
    return this.length > before ? "grown" : "none";
  }

  #isAnew(file: PlainFile): boolean {
    if (file.identity !== this.#identity || file.size < this.#read) return true;
    const seal = sealOf(file, this.#read);
    return seal.some((byte, i) => byte !== this.#seal[i]);
  }

  #forget(): LogChange {
    const had = this.length > 0;
    this.length = 0;
    this.damaged = 0;
    this.#steps = new Column();
    this.#columns = [];
    this.#names = [];
    this.#reader = this.#newReader();
    this.#read = 0;
    this.#identity = "";
    this.#rest = new Uint8Array();
    this.#skips = false;
    return had ? "anew" : "none";
  }

  #take(part: Uint8Array): void {
    let start = 0;
    if (this.#rest.length > 0 || this.#skips) {
      const end = part.indexOf(NEWLINE);
      if (end < 0) return this.#keep(part);
      if (this.#skips) {
        this.#skips = false;
        this.damaged++;
      } else {
        const line = new Uint8Array(this.#rest.length + end + 1);
        line.set(this.#rest);
        line.set(part.subarray(0, end + 1), this.#rest.length);
        this.#rest = new Uint8Array();
        this.#lines(line);
      }
      start = end + 1;
    }
    const last = part.lastIndexOf(NEWLINE) + 1;
    if (last > start) this.#lines(part.subarray(start, last));
    this.#keep(part.subarray(Math.max(last, start)));
  }

  #keep(rest: Uint8Array): void {
    if (this.#skips || rest.length === 0) return;
    if (this.#rest.length + rest.length > LINE_BYTES) {
      this.#rest = new Uint8Array();
      this.#skips = true;
      return;
    }
    const joined = new Uint8Array(this.#rest.length + rest.length);
    joined.set(this.#rest);
    joined.set(rest, this.#rest.length);
    this.#rest = joined;
  }

  /** Takes whole lines, the last with its break. */
  #lines(bytes: Uint8Array): void {
    const reader = this.#reader;
    let lastStep = this.length > 0 ? this.#steps.values[this.length - 1]! : 0;
    for (let at = 0; at < bytes.length;) {
      this.#makeRoom();
      at = reader.read(bytes, at);
      if (reader.isDamaged || reader.step < lastStep) {
        this.damaged++;
        continue;
      }
      lastStep = reader.step;
      const row = this.length++;
      this.#steps.values[row] = reader.step;
      const columns = this.#columns;
      for (const column of columns) column.values[row] = MISSING;
      const { indices, values, count } = reader;
      for (let i = 0; i < count; i++) columns[indices[i]!]!.values[row] = values[i]!;
    }
  }

  /** Makes room for the records of a whole file, by how many there were in what was read of it. */
  #expect(size: number): void {
    const expected = Math.ceil(1.02 * this.length * size / this.#read);
    if (expected * (this.#columns.length + 1) > VALUES || expected <= this.length) return;
    this.#steps.grow(expected);
    for (const column of this.#columns) column.grow(this.#steps.values.length);
  }

  #makeRoom(): void {
    if (this.length < this.#steps.values.length) return;
    const length = this.length + 1;
    if (length * this.#columns.length > VALUES) {
      throw new GenviewRangeError(
        `Cannot show ${this.path}: it must have at most ${VALUES} values, found more`,
      );
    }
    this.#steps.grow(length);
    for (const column of this.#columns) column.grow(this.#steps.values.length);
  }
}

function sealOf(file: PlainFile, end: number): Uint8Array<ArrayBuffer> {
  const seal = new Uint8Array(Math.min(SEAL, end));
  return seal.subarray(0, file.read(seal, end - seal.length));
}
