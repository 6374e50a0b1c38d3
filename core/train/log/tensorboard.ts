/**
 * Event files that TensorBoard reads.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { fileError } from "../../files/file_error.ts";
import { maskedCrc32c } from "./crc32c.ts";
import { hyperParameters } from "./hyper_parameters.ts";
import { encodeEvent, type EventContent } from "./event_message.ts";

/** How a {@linkcode TensorBoardLog} starts. */
export interface TensorBoardOptions {
  /** On a resume, the first step to come: TensorBoard forgets what earlier files say of it and of later ones. */
  readonly resumeAt?: number;
  /** Seconds since 1970; by default the clock's. */
  readonly now?: () => number;
}

/**
 * A record of a TFRecord file: its length, the length's checksum, its bytes and their checksum
 * (`tensorflow/core/lib/io/record_writer.h`).
 */
export function frameRecord(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(bytes.length + 16);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc32c(framed.subarray(0, 8)), true);
  framed.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedCrc32c(bytes), true);
  return framed;
}

function checkStep(step: number): void {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new GenviewRangeError(
      `Cannot log an event: its step must be an integer from 0, found ${step}`,
    );
  }
}

/** An event file that grows with the run; closes with `using`. */
export class TensorBoardLog implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #now: () => number;
  /** Where the file lies. */
  readonly path: string;

  /**
   * Starts a file of its own in `folder`, which is made if it is not there. Earlier files stay as they are.
   *
   * @throws {RangeError} if the step to resume at is not an integer from 0
   * @throws {GenviewError} if the system refuses
   */
  constructor(folder: string, options: TensorBoardOptions = {}) {
    const { resumeAt, now = () => Date.now() / 1000 } = options;
    if (resumeAt !== undefined) checkStep(resumeAt);
    const seconds = Math.floor(now()).toString().padStart(10, "0");
    this.#now = now;
    this.path = `${folder}/events.out.tfevents.${seconds}.genview.${crypto.randomUUID()}`;
    try {
      Deno.mkdirSync(folder, { recursive: true });
      this.#file = Deno.openSync(this.path, { write: true, createNew: true });
    } catch (cause) {
      throw fileError(`write ${this.path}`, cause);
    }
    this.#write(0, { fileVersion: "brain.Event:2" });
    if (resumeAt !== undefined) this.#write(resumeAt, { restart: true });
  }

  #write(step: number, content: EventContent): void {
    const record = frameRecord(encodeEvent(this.#now(), step, content));
    try {
      for (let written = 0; written < record.length;) {
        written += this.#file.writeSync(record.subarray(written));
      }
    } catch (cause) {
      throw fileError(`write ${this.path}`, cause);
    }
  }

  /**
   * Writes numbers by their tags, as float32, not-a-number and infinities included.
   *
   * @throws {RangeError} if the step is not an integer from 0
   */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    checkStep(step);
    const tagged = Object.entries(values).map(([tag, scalar]) => ({ tag, scalar }));
    this.#write(step, { values: tagged });
  }

  /**
   * Writes an image, given as a PNG file's bytes.
   *
   * @throws {RangeError} if the step is not an integer from 0
   * @throws {TypeError} if the bytes are no PNG file
   */
  image(step: number, tag: string, png: Uint8Array): void {
    checkStep(step);
    this.#write(step, { values: [{ tag, png }] });
  }

  /** Writes hyper-parameters: numbers, booleans and texts by name; anything else as JSON. */
  hyperParameters(values: Readonly<Record<string, unknown>>): void {
    this.#write(0, { values: [hyperParameters(values)] });
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
