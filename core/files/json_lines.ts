/**
 * Logs of one JSON object a line, which a run that was cut off can take up again.
 *
 * @module
 */
import { GenviewRangeError, GenviewSyntaxError } from "../errors/mod.ts";
import { explainingFileErrors, fileError } from "./file_error.ts";
import { ifThere } from "./if_there.ts";
import { writeAll, writeNewFile } from "./new_file.ts";

/** A value of a record. */
export type LogValue = number | string | boolean;

/** One line of a log. */
export interface LogRecord {
  /** Step of the run, from 0. */
  readonly step: number;
  /** A measurement, by its name. */
  readonly [name: string]: LogValue;
}

/** How a {@linkcode JsonLinesLog} starts. */
export interface JsonLinesOptions {
  /** On a resume, the first step to come: what the file says of it and of later ones is dropped. */
  readonly resumeAt?: number;
}

const NEWLINE = 0x0a;

/** Numbers that JSON cannot write, by the texts that stand for them in a log. */
export const NOT_IN_JSON: ReadonlyMap<unknown, number> = new Map<unknown, number>(
  [NaN, Infinity, -Infinity].map((value) => [String(value), value]),
);

function encodeRecord(record: LogRecord): string {
  return JSON.stringify(
    record,
    (_, value) => typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  ) + "\n";
}

function isStep(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function decodeRecord(line: string, path: string, number: number): LogRecord {
  let record: Record<string, LogValue> | null;
  try {
    record = JSON.parse(line, (_, value) => NOT_IN_JSON.get(value) ?? value);
  } catch (cause) {
    throw new GenviewSyntaxError(
      `Cannot read ${path}: line ${number} must be JSON, found ${line}`,
      {
        cause,
      },
    );
  }
  if (!isStep(record?.step)) {
    throw new GenviewSyntaxError(
      `Cannot read ${path}: line ${number} must be an object with a step, found ${line}`,
    );
  }
  return record as LogRecord;
}

/** A log's lines, each with its line break; what follows the last break was torn off as it was written. */
function wholeLines(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const lines: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0;;) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end === -1) return lines;
    lines.push(bytes.subarray(start, end + 1));
    start = end + 1;
  }
}

function decodeLine(line: Uint8Array, path: string, number: number): LogRecord {
  return decodeRecord(new TextDecoder().decode(line).trimEnd(), path, number);
}

/**
 * Reads a log. A last line without its line break is left out: it is being written, or the run was cut off.
 *
 * @throws {SyntaxError} if a line is no JSON object with a step
 * @throws {Deno.errors.NotFound} if there is no such file
 */
export async function readJsonLines(path: string): Promise<LogRecord[]> {
  const bytes = await explainingFileErrors(`read ${path}`, Deno.readFile(path));
  return wholeLines(bytes).map((line, i) => decodeLine(line, path, i + 1));
}

/**
 * Appends one record to a file, which is made if it is not there, whatever the steps before; a last line that was torn
 * off is replaced. The caller holds the lock of the file's folder.
 *
 * @throws {GenviewError} if the system refuses
 */
export async function appendJsonLine(path: string, record: LogRecord): Promise<void> {
  try {
    using file = await Deno.open(path, { read: true, write: true, create: true });
    const whole = wholeLines(await Deno.readFile(path));
    const length = whole.reduce((total, line) => total + line.length, 0);
    await file.truncate(length);
    await file.seek(length, Deno.SeekMode.Start);
    await writeAll(file, new TextEncoder().encode(encodeRecord(record)));
    await file.syncData();
  } catch (cause) {
    throw fileError(`write ${path}`, cause);
  }
}

/** What a log keeps when it is taken up before a step. */
interface Kept {
  readonly lines: readonly Uint8Array<ArrayBuffer>[];
  /** Numbers of the lines, from 1, that no record can be read from. */
  readonly damaged: readonly number[];
}

/** The lines of the steps before `step`; a power cut may have left lines among them that cannot be read. */
function linesBefore(step: number, bytes: Uint8Array<ArrayBuffer>, path: string): Kept {
  const lines: Uint8Array<ArrayBuffer>[] = [];
  const damaged: number[] = [];
  for (const [i, line] of wholeLines(bytes).entries()) {
    try {
      if (decodeLine(line, path, i + 1).step >= step) break;
      lines.push(line);
    } catch (error) {
      if (!(error instanceof GenviewSyntaxError)) throw error;
      damaged.push(i + 1);
    }
  }
  return { lines, damaged };
}

/** A log that is being written; closes with `using`. */
export class JsonLinesLog implements Disposable {
  readonly #file: Deno.FsFile;
  #lastStep: number;
  /** Where the file lies. */
  readonly path: string;
  /** Numbers of the lines, from 1, that could not be read when the log was taken up, and were left out. */
  readonly damaged: readonly number[];

  private constructor(
    path: string,
    file: Deno.FsFile,
    { resumeAt = 0 }: JsonLinesOptions,
    damaged: readonly number[],
  ) {
    this.path = path;
    this.damaged = damaged;
    this.#file = file;
    this.#lastStep = resumeAt;
  }

  /**
   * Starts a log, or with `resumeAt` takes up the one that is there. Lines of it that cannot be read are left out.
   *
   * @throws {Deno.errors.AlreadyExists} if there is such a file and it is not to be resumed
   * @throws {RangeError} if the step to resume at is not an integer from 0
   * @throws {GenviewError} if the system refuses
   */
  static async open(path: string, options: JsonLinesOptions = {}): Promise<JsonLinesLog> {
    const { resumeAt } = options;
    if (resumeAt !== undefined && !isStep(resumeAt)) {
      throw new GenviewRangeError(
        `Cannot resume ${path}: the step must be an integer from 0, found ${resumeAt}`,
      );
    }
    try {
      const bytes = resumeAt === undefined ? undefined : await ifThere(Deno.readFile(path));
      if (resumeAt === undefined || bytes === undefined) {
        return new JsonLinesLog(
          path,
          await Deno.open(path, { append: true, createNew: true }),
          options,
          [],
        );
      }
      const { lines, damaged } = linesBefore(resumeAt, bytes, path);
      if (damaged.length > 0) {
        await writeNewFile(path, async (file) => {
          for (const line of lines) await writeAll(file, line);
        }, { overwrite: true });
      }
      const file = await Deno.open(path, { append: true });
      await file.truncate(lines.reduce((total, { length }) => total + length, 0));
      return new JsonLinesLog(path, file, options, damaged);
    } catch (cause) {
      throw fileError(`write ${path}`, cause);
    }
  }

  /**
   * Appends a record. Steps never fall, so that a resume can cut the log off at one place.
   *
   * @throws {RangeError} if the step is not an integer, or lies before that of the record before
   * @throws {GenviewError} if the system refuses
   */
  write(record: LogRecord): void {
    const { step } = record;
    if (!isStep(step) || step < this.#lastStep) {
      throw new GenviewRangeError(
        `Cannot log to ${this.path}: the step must be an integer from ${this.#lastStep}, found ${step}`,
      );
    }
    this.#lastStep = step;
    const bytes = new TextEncoder().encode(encodeRecord(record));
    try {
      for (let written = 0; written < bytes.length;) {
        written += this.#file.writeSync(bytes.subarray(written));
      }
    } catch (cause) {
      throw fileError(`write ${this.path}`, cause);
    }
  }

  /** Brings what was written to the disk. */
  async sync(): Promise<void> {
    await explainingFileErrors(`write ${this.path}`, this.#file.syncData());
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
