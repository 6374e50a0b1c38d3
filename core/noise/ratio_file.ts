/**
 * The file that foreground ratios are appended to.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { join } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { makeFolder, writeAll, writeNewFile } from "../files/new_file.ts";
import { formatRatioLine, parseRatioLines, type RatioLine } from "./ratio_lines.ts";

/** What the ratios of a file were computed by; all of a file are of one kind. */
export interface RatioRecord {
  /** Tells the network's weights from others, or names the folder of the features. */
  readonly source: string;
  /** What the images' paths are relative to. */
  readonly images: string;
  /** SHA-256 of the component's bytes. */
  readonly component: string;
  /** Scores greater than it are on one side of it. */
  readonly threshold: number;
  /** Which side is foreground. */
  readonly maskType: string;
}

/**
 * `fg_ratios.txt` in a folder, open for appending; closes with `using`. Who opens it has locked the folder.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RatioFile } from "./ratio_file.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const record = { source: "a network", images: "/photos", component: "", threshold: 0, maskType: "gt" };
 * {
 *   using file = await RatioFile.open(folder, record);
 *   await file.append([{ path: "a cat.jpg", ratio: 0.25 }]);
 * }
 * using file = await RatioFile.open(folder, record);
 * assertEquals([...file.done], ["a cat.jpg"]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class RatioFile implements Disposable {
  /** Where it lies. */
  readonly path: string;
  /** Paths that have a ratio already. */
  readonly done: ReadonlySet<string>;
  /** Ratios that were appended since it was opened. */
  count = 0;
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
   * @throws {SyntaxError} if it has malformed lines
   * @throws {GenviewError} if the system refuses
   */
  static async open(folder: string, record: RatioRecord): Promise<RatioFile> {
    const path = join(folder, "fg_ratios.txt");
    const recordPath = join(folder, "fg_ratios.json");
    const text = JSON.stringify(record, null, 2) + "\n";
    const read = (file: string) =>
      explainingFileErrors(`read ${file}`, ifThere(Deno.readTextFile(file)));
    const before = await read(recordPath);
    const lines = await read(path);
    const whole = (lines ?? "").slice(0, (lines ?? "").lastIndexOf("\n") + 1);
    // A process that failed before its first ratio has left a record of nothing.
    if (before !== text && whole !== "") {
      throw new GenviewTypeError(
        `Cannot append to ${path}: it must hold ratios of the same component and threshold, found ${
          before === undefined ? "no fg_ratios.json that says so" : before.replace(/\s+/g, " ")
        }; choose another --output-dir`,
      );
    }
    const { ratios, malformed } = parseRatioLines(whole);
    if (malformed.length > 0) {
      const { line, problem } = malformed[0]!;
      throw new GenviewSyntaxError(`Cannot append to ${path}: line ${line}: ${problem}`);
    }
    await makeFolder(folder);
    if (before !== text) await writeNewFile(recordPath, text, { overwrite: true });
    const file = await explainingFileErrors(
      `write ${path}`,
      Deno.open(path, { write: true, create: true }),
    );
    const end = new TextEncoder().encode(whole).length;
    await file.truncate(end);
    await file.seek(end, Deno.SeekMode.Start);
    return new RatioFile(path, new Set(ratios.map((ratio) => ratio.path)), file);
  }

  /**
   * Appends ratios and brings them to the disk.
   *
   * @throws {TypeError} if a path cannot be written as a line
   * @throws {GenviewError} if the system refuses, such as for a full disk
   */
  async append(ratios: readonly RatioLine[]): Promise<void> {
    const text = ratios.map((ratio) => `${formatRatioLine(ratio)}\n`).join("");
    const action = `write ${this.path}`;
    await explainingFileErrors(action, writeAll(this.#file, new TextEncoder().encode(text)));
    await explainingFileErrors(action, this.#file.syncData());
    this.count += ratios.length;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
