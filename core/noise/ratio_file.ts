/**
 * The file that foreground ratios are appended to, and those of ranks that share the work.
 *
 * @module
 */
import { join } from "node:path";
import type { ProcessGroup } from "../distributed/mod.ts";
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors, fileError } from "../files/file_error.ts";
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

/** Files of ranks, which are put together in the end. */
const PART = /^fg_ratios-\d+-of-\d+\.txt$/;

function wholePath(folder: string): string {
  return join(folder, "fg_ratios.txt");
}

/** Paths of the parts that a folder has, in order. */
async function partPaths(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) if (PART.test(name)) names.push(name);
  } catch (cause) {
    throw fileError(`read ${folder}`, cause);
  }
  return names.sort().map((name) => join(folder, name));
}

/** Whole lines of a file, which need not be there; one that a killed process has left unfinished is no line. */
async function readWhole(path: string): Promise<string> {
  const text = await explainingFileErrors(`read ${path}`, ifThere(Deno.readTextFile(path))) ?? "";
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

function parseWhole(text: string, path: string): RatioLine[] {
  const { ratios, malformed } = parseRatioLines(text);
  if (malformed.length === 0) return ratios;
  const { line, problem } = malformed[0]!;
  throw new GenviewSyntaxError(`Cannot append to ${path}: line ${line}: ${problem}`);
}

/**
 * Writes what the ratios of a folder are of, or checks that they are of that.
 *
 * @throws {TypeError} if it holds ratios of another kind
 */
async function claimFolder(folder: string, record: RatioRecord): Promise<void> {
  const path = wholePath(folder);
  const recordPath = join(folder, "fg_ratios.json");
  const text = JSON.stringify(record, null, 2) + "\n";
  const before = await explainingFileErrors(
    `read ${recordPath}`,
    ifThere(Deno.readTextFile(recordPath)),
  );
  if (before === text) return;
  await makeFolder(folder);
  const files = [path, ...await partPaths(folder)];
  const texts = await Promise.all(files.map(readWhole));
  // A process that failed before its first ratio has left a record of nothing.
  if (texts.some((lines) => lines !== "")) {
    throw new GenviewTypeError(
      `Cannot append to ${path}: it must hold ratios of the same component and threshold, found ${
        before === undefined ? "no fg_ratios.json that says so" : before.replace(/\s+/g, " ")
      }; choose another --output-dir`,
    );
  }
  await writeNewFile(recordPath, text, { overwrite: true });
}

/**
 * `fg_ratios.txt` in a folder, open for appending; closes with `using`. Who opens it has locked the folder.
 *
 * Ranks append each to a file of its own, such as `fg_ratios-0-of-2.txt`, until {@linkcode joinRatios} puts them together.
 * Whoever goes on after they were killed, in whatever number, takes these files for ratios of the folder too.
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
  /** Where all ratios lie in the end. */
  readonly path: string;
  /** Paths that have a ratio already. */
  readonly done: ReadonlySet<string>;
  /** Ratios that were appended since it was opened. */
  count = 0;
  /** The file that is appended to. */
  readonly #own: string;
  readonly #file: Deno.FsFile;

  private constructor(folder: string, done: ReadonlySet<string>, own: string, file: Deno.FsFile) {
    this.path = wholePath(folder);
    this.done = done;
    this.#own = own;
    this.#file = file;
  }

  /**
   * Opens the file of a folder, which may be new. A line that a killed run has left unfinished is cut off.
   *
   * @param group ranks that open it together, each with a file of its own
   * @throws {TypeError} if it holds ratios of another kind
   * @throws {SyntaxError} if it has malformed lines
   * @throws {GenviewError} if the system refuses
   */
  static async open(
    folder: string,
    record: RatioRecord,
    group?: ProcessGroup,
  ): Promise<RatioFile> {
    if (group === undefined || group.rank === 0) await claimFolder(folder, record);
    await group?.barrier();
    const whole = wholePath(folder);
    const parts = await partPaths(folder);
    const texts = new Map<string, string>();
    for (const path of [whole, ...parts]) texts.set(path, await readWhole(path));
    const done = [...texts].flatMap(([path, text]) => parseWhole(text, path));
    // Nobody appends before all have read.
    await group?.barrier();
    const isPart = group !== undefined || parts.length > 0;
    const { rank, size } = group ?? { rank: 0, size: 1 };
    const own = isPart ? join(folder, `fg_ratios-${rank}-of-${size}.txt`) : whole;
    const file = await explainingFileErrors(
      `write ${own}`,
      Deno.open(own, { write: true, create: true }),
    );
    const end = new TextEncoder().encode(texts.get(own) ?? "").length;
    await file.truncate(end);
    await file.seek(end, Deno.SeekMode.Start);
    return new RatioFile(folder, new Set(done.map((ratio) => ratio.path)), own, file);
  }

  /**
   * Appends ratios and brings them to the disk.
   *
   * @throws {TypeError} if a path cannot be written as a line
   * @throws {GenviewError} if the system refuses, such as for a full disk
   */
  async append(ratios: readonly RatioLine[]): Promise<void> {
    const text = ratios.map((ratio) => `${formatRatioLine(ratio)}\n`).join("");
    const action = `write ${this.#own}`;
    await explainingFileErrors(action, writeAll(this.#file, new TextEncoder().encode(text)));
    await explainingFileErrors(action, this.#file.syncData());
    this.count += ratios.length;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Puts the files of ranks, which must have ended, behind what `fg_ratios.txt` holds: in the order in which one process
 * appends. Nothing happens where there are none.
 *
 * @param keysOf gives the paths of the images, in their order
 * @throws {SyntaxError} if a file has malformed lines
 * @throws {GenviewError} if the system refuses
 */
export async function joinRatios(folder: string, keysOf: () => readonly string[]): Promise<void> {
  const parts = await partPaths(folder);
  if (parts.length === 0) return;
  const path = wholePath(folder);
  const whole = await readWhole(path);
  // Who was killed between the two last steps has left parts of what is there already.
  const known = new Set(parseWhole(whole, path).map((line) => line.path));
  const found = new Map<string, RatioLine>();
  for (const part of parts) {
    for (const line of parseWhole(await readWhole(part), part)) {
      if (!known.has(line.path) && !found.has(line.path)) found.set(line.path, line);
    }
  }
  const places = new Map(keysOf().map((key, place) => [key, place]));
  const placeOf = (line: RatioLine) => places.get(line.path) ?? -1;
  const lines = [...found.values()].sort((a, b) => placeOf(a) - placeOf(b));
  const text = lines.map((line) => `${formatRatioLine(line)}\n`).join("");
  await writeNewFile(path, whole + text, { overwrite: true });
  for (const part of parts) await explainingFileErrors(`remove ${part}`, Deno.remove(part));
}
