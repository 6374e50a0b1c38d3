/**
 * Lists of images by noise level.
 *
 * @module
 */
import { join } from "node:path";
import {
  GenviewAlreadyExists,
  GenviewNotFound,
  GenviewSyntaxError,
  GenviewTypeError,
} from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { FolderLock } from "../files/folder_lock.ts";
import { ifThere } from "../files/if_there.ts";
import { removeTemporaries, writeNewFile } from "../files/new_file.ts";
import {
  checkNoiseSchedule,
  GENVIEW_NOISE_SCHEDULE,
  noiseLevel,
  type NoiseSchedule,
} from "./noise_level.ts";
import { type MalformedLine, parseRatioLines, type RatioLine } from "./ratio_lines.ts";

/** What {@linkcode divideByLevel} divides, and how. */
export interface DivideByLevelOptions {
  /** File of lines of path and ratio. */
  readonly inputFile: string;
  /** Folder of the lists and of their figure. */
  readonly outputDir: string;
  /** Which ratios get which level (default GenView's). */
  readonly schedule?: NoiseSchedule | undefined;
  /** Whether malformed lines are skipped (default false). */
  readonly lenient?: boolean | undefined;
  /** Whether the lists of an earlier run are replaced (default false). */
  readonly overwrite?: boolean | undefined;
}

/** The list of one level. */
export interface LevelList {
  /** Noise level of its images. */
  readonly level: number;
  /** How many they are. */
  readonly images: number;
  /** Where the list lies. */
  readonly path: string;
}

/** What {@linkcode divideByLevel} leaves. */
export interface DividedLevels {
  /** Levels that have images, in the order of the schedule; the others have no file. */
  readonly lists: readonly LevelList[];
  /** Images in all. */
  readonly images: number;
  /** Lines that were skipped. */
  readonly malformed: readonly MalformedLine[];
}

/** Malformed lines that a message names. */
const NAMED = 10;

/** The first malformed lines, each on a line of its own, and how many there are beyond them. */
export function formatMalformed(malformed: readonly MalformedLine[]): string {
  const lines = malformed.slice(0, NAMED).map(({ line, problem }) =>
    `\n  line ${line}: ${problem}`
  );
  const more = malformed.length > NAMED ? `\n  and ${malformed.length - NAMED} more` : "";
  return lines.join("") + more;
}

async function readRatios(path: string): Promise<ReturnType<typeof parseRatioLines>> {
  const text = await explainingFileErrors(`read ${path}`, ifThere(Deno.readTextFile(path)));
  if (text !== undefined) return parseRatioLines(text);
  throw new GenviewNotFound(
    `Cannot read ${path}: --input-file must be the fg_ratios.txt of "deno task fg-ratio", found nothing of this name`,
  );
}

/** The ratio of each image once. */
function uniqueRatios(ratios: readonly RatioLine[], file: string): RatioLine[] {
  const known = new Map<string, RatioLine>();
  for (const line of ratios) {
    const before = known.get(line.path);
    if (before === undefined) known.set(line.path, line);
    else if (before.ratio !== line.ratio) {
      throw new GenviewTypeError(
        `Cannot divide ${file}: an image must have one ratio, found ${before.ratio} and ${line.ratio} of ${line.path}; ` +
          "remove one of the lines",
      );
    }
  }
  return [...known.values()];
}

/** Lines by level, each level of the schedule once. */
function divide(ratios: readonly RatioLine[], schedule: NoiseSchedule): Map<number, string[]> {
  const lists = new Map<number, string[]>(schedule.levels.map((level) => [level, []]));
  for (const { path, ratio } of ratios) {
    const level = noiseLevel(ratio, schedule);
    lists.get(level)!.push(`${path} ${level}\n`);
  }
  return lists;
}

function refuse(path: string): never {
  throw new GenviewAlreadyExists(
    `Cannot write noise levels: ${path} exists and was made from other ratios; --overwrite replaces it`,
  );
}

/**
 * Whether all is there already, as the same call has left it. The figure is written last, and stands for the lists.
 *
 * @param lists texts of the lists by path; empty for those that there must not be
 * @throws {Deno.errors.AlreadyExists} if there are files of other ratios
 */
async function isComplete(lists: ReadonlyMap<string, string>, figure: string): Promise<boolean> {
  let missing = 0;
  for (const [path, text] of lists) {
    const found = await explainingFileErrors(`read ${path}`, ifThere(Deno.readTextFile(path)));
    if (found !== undefined && found !== text) refuse(path);
    if (found === undefined && text !== "") missing++;
  }
  const drawn = await explainingFileErrors(`read ${figure}`, ifThere(Deno.lstat(figure)));
  if (drawn !== undefined && missing > 0) refuse(figure);
  return drawn !== undefined;
}

async function drawLevels(
  ratios: readonly RatioLine[],
  { edges, levels }: NoiseSchedule,
): Promise<Uint8Array<ArrayBuffer>> {
  // sharp takes time and permissions: it is loaded only where something is drawn.
  const { histogram, toPng } = await import("../plot/mod.ts");
  return await toPng(
    await histogram({
      samples: [{ name: "ratios", values: ratios.map(({ ratio }) => ratio) }],
      title: "Foreground ratios and noise levels",
      xLabel: "foreground ratio",
      yLabel: "images",
      bins: 50,
      range: [0, 1],
      marks: edges.flatMap((value, i) =>
        value >= 0 && value < 1 ? [{ value, label: `above ${value}: ${levels[i]}` }] : []
      ),
    }),
  );
}

/**
 * Divides images by their foreground ratio into one list for each noise level, `fg_ratios_LEVEL.txt`, and draws how the
 * ratios are spread. The same call resumes where it was stopped; the folder is locked meanwhile.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { divideByLevel } from "./divide_by_level.ts";
 *
 * const outputDir = await Deno.makeTempDir();
 * const inputFile = `${outputDir}/fg_ratios.txt`;
 * await Deno.writeTextFile(inputFile, "a cat.jpg 0.1\ndog.jpg 0.7\n");
 * const { lists } = await divideByLevel({ inputFile, outputDir });
 * assertEquals(lists.map(({ level, images }) => [level, images]), [[0, 1], [300, 1]]);
 * assertEquals(await Deno.readTextFile(lists[1]!.path), "dog.jpg 300\n");
 * await Deno.remove(outputDir, { recursive: true });
 * ```
 *
 * @throws {RangeError} if the schedule is none
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {SyntaxError} if lines are malformed and `lenient` is not set
 * @throws {TypeError} if there are no ratios, or two of one image
 * @throws {Deno.errors.AlreadyExists} if there are lists of other ratios and `overwrite` is not set, or another process is at work there
 * @throws {GenviewError} if the system refuses to write
 */
export async function divideByLevel(options: DivideByLevelOptions): Promise<DividedLevels> {
  const { inputFile, outputDir, lenient = false, overwrite = false } = options;
  const { schedule = GENVIEW_NOISE_SCHEDULE } = options;
  checkNoiseSchedule(schedule);
  const { ratios: all, malformed } = await readRatios(inputFile);
  if (malformed.length > 0 && !lenient) {
    throw new GenviewSyntaxError(
      `Cannot read ${inputFile}: ${malformed.length} lines are malformed, which --lenient skips:${
        formatMalformed(malformed)
      }`,
    );
  }
  const ratios = uniqueRatios(all, inputFile);
  if (ratios.length === 0) {
    throw new GenviewTypeError(
      `Cannot divide ${inputFile}: it must have lines of ratios, found none`,
    );
  }
  const lists = divide(ratios, schedule);
  const pathOf = (level: number) => join(outputDir, `fg_ratios_${level}.txt`);
  const figure = join(outputDir, "noise_levels.png");
  const texts = new Map([...lists].map(([level, lines]) => [pathOf(level), lines.join("")]));
  const picture = await drawLevels(ratios, schedule);
  using _lock = await FolderLock.acquire(outputDir);
  await removeTemporaries(outputDir);
  if (overwrite || !await isComplete(texts, figure)) {
    for (const [path, text] of texts) {
      // What is there is the same, or may be replaced; an earlier run may have had images of a level that has none now.
      if (text !== "") await writeNewFile(path, text, { overwrite: true });
      else await explainingFileErrors(`remove ${path}`, ifThere(Deno.remove(path)));
    }
    await writeNewFile(figure, picture, { overwrite });
  }
  return {
    lists: [...lists].filter(([, lines]) => lines.length > 0).map(([level, { length }]) => ({
      ...{ level, images: length, path: pathOf(level) },
    })),
    images: ratios.length,
    malformed,
  };
}
