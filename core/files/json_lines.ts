/**
 * A log of one JSON object a line, which a run that was cut off can take up again.
 *
 * @module
 */
import { GenviewRangeError, GenviewSyntaxError } from "../errors/mod.ts";

/** What a record holds beside its step. */
export type LogValue = number | string | boolean;

/** One line of a log. */
export interface LogRecord {
  /** Step of the run that it tells of, from 0. */
  readonly step: number;
  readonly [name: string]: LogValue;
}

/** How a {@linkcode JsonLinesLog} starts. */
export interface JsonLinesOptions {
  /** On a resume, the first step to come: what the file says of it and of later ones is dropped. */
  readonly resumeAt?: number;
}

/** Numbers that JSON cannot write, as the texts that stand for them. */
const NOT_IN_JSON = new Map<unknown, number>(
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

/** Whole lines of a text, each with its line break; what follows the last break was torn off as it was written. */
function wholeLines(text: string): string[] {
  return text.match(/[^\n]*\n/g) ?? [];
}

/**
 * Reads a log. A last line without its line break is left out: it is being written, or the run was cut off.
 *
 * @throws {SyntaxError} if a line is no JSON object with a step
 */
export async function readJsonLines(path: string): Promise<LogRecord[]> {
  const lines = wholeLines(await Deno.readTextFile(path));
  return lines.map((line, i) => decodeRecord(line.trimEnd(), path, i + 1));
}

/** Bytes that the lines before a step take. */
function bytesBefore(step: number, text: string, path: string): number {
  const lines = wholeLines(text);
  const end = lines.findIndex((line, i) => decodeRecord(line.trimEnd(), path, i + 1).step >= step);
  const kept = end === -1 ? lines : lines.slice(0, end);
  return new TextEncoder().encode(kept.join("")).length;
}

/** A log that is being written; closes with `using`. */
export class JsonLinesLog implements Disposable {
  readonly #file: Deno.FsFile;
  #lastStep: number;
  /** Where the file lies. */
  readonly path: string;

  /**
   * Starts a log, or with `resumeAt` takes up one that is there.
   *
   * @throws {Deno.errors.AlreadyExists} if there is such a file and it is not to be resumed
   * @throws {SyntaxError} if a line of the file to resume is no JSON object with a step
   */
  constructor(path: string, options: JsonLinesOptions = {}) {
    const { resumeAt } = options;
    this.path = path;
    this.#lastStep = resumeAt ?? 0;
    if (resumeAt === undefined) {
      this.#file = Deno.openSync(path, { append: true, createNew: true });
      return;
    }
    if (!isStep(resumeAt)) {
      throw new GenviewRangeError(
        `Cannot resume ${path}: the step must be an integer from 0, found ${resumeAt}`,
      );
    }
    const kept = bytesBefore(resumeAt, Deno.readTextFileSync(path), path);
    this.#file = Deno.openSync(path, { append: true });
    this.#file.truncateSync(kept);
  }

  /**
   * Appends a record. Steps never fall, so that a resume can cut the log off at one place.
   *
   * @throws {RangeError} if the step is not an integer, or lies before that of the record before
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
    for (let written = 0; written < bytes.length;) {
      written += this.#file.writeSync(bytes.subarray(written));
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
