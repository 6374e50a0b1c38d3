/**
 * The file that foreground ratios are appended to.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../core/errors/mod.ts";
import { join } from "node:path";
import { formatRatioLine, parseRatioLines, type RatioLine } from "../core/noise/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { writeAll, writeNewFile } from "../core/files/new_file.ts";

/** What ratios of a file were computed by; all of a file are of one kind. */
export interface RatioRecord {
  /** What tells the network's weights from others, or the folder that the features came from. */
  readonly source: string;
  /** What the images' paths are relative to. */
  readonly images: string;
  /** SHA-256 of the component's bytes. */
  readonly component: string;
  readonly threshold: number;
  readonly maskType: string;
}

/** `fg_ratios.txt` in a folder, open for appending; closes with `using`. */
export class RatioFile implements Disposable {
  /** Where it lies. */
  readonly path: string;
  /** Paths that have a ratio already. */
  readonly done: ReadonlySet<string>;
  readonly #file: Deno.FsFile;

  private constructor(path: string, done: ReadonlySet<string>, file: Deno.FsFile) {
    this.path = path;
    this.done = done;
    this.#file = file;
  }

  /**
   * Opens the file of a folder, which may be new. A line that a killed run has left unfinished is cut off.
   *
   * @throws {TypeError} if it holds ratios of another kind
   * @throws {SyntaxError} if it has lines that are none
   */
  static async open(folder: string, record: RatioRecord): Promise<RatioFile> {
    const path = join(folder, "fg_ratios.txt");
    const recordPath = join(folder, "fg_ratios.json");
    const text = JSON.stringify(record, null, 2) + "\n";
    const before = await ifThere(Deno.readTextFile(recordPath));
    const lines = await ifThere(Deno.readTextFile(path));
    if (before !== undefined ? before !== text : lines !== undefined) {
      throw new GenviewTypeError(
        `Cannot append to ${path}: it must hold ratios of the same component and threshold, found ${
          before === undefined ? "no fg_ratios.json that says so" : before.replace(/\s+/g, " ")
        }; choose another --output-dir`,
      );
    }
    const whole = (lines ?? "").slice(0, (lines ?? "").lastIndexOf("\n") + 1);
    const { ratios, malformed } = parseRatioLines(whole);
    if (malformed.length > 0) {
      const { line, problem } = malformed[0]!;
      throw new GenviewSyntaxError(`Cannot append to ${path}: line ${line}: ${problem}`);
    }
    await Deno.mkdir(folder, { recursive: true });
    if (before === undefined) {
      await writeNewFile(recordPath, text);
    }
    const file = await Deno.open(path, { write: true, create: true });
    const end = new TextEncoder().encode(whole).length;
    await file.truncate(end);
    await file.seek(end, Deno.SeekMode.Start);
    return new RatioFile(path, new Set(ratios.map((ratio) => ratio.path)), file);
  }

  /** Appends ratios and brings them to the disk. */
  async append(ratios: readonly RatioLine[]): Promise<void> {
    const text = ratios.map((ratio) => `${formatRatioLine(ratio)}\n`).join("");
    await writeAll(this.#file, new TextEncoder().encode(text));
    await this.#file.syncData();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
