/**
 * Planning: which variations are generated, and their paths.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileSource } from "../data/mod.ts";
import { type LevelLine, parseLevelLines } from "../noise/mod.ts";
import { explainingFileErrors, fileError } from "../files/file_error.ts";
import type { WantedVariation } from "../unclip/mod.ts";

/** An image whose variations are wanted. */
export interface PlannedImage {
  /** Its path within the tree that is mirrored. */
  readonly key: string;
  /** Where it lies. */
  readonly sourcePath: string;
  /** Step of the diffusion at which noise is added to its embedding, in [0, 999]. */
  readonly level: number;
}

/** A variation that is wanted, as a file. */
export interface PlannedVariation extends WantedVariation {
  /** Where its image lies. */
  readonly sourcePath: string;
  /** Where it goes, relative to the folder of all. */
  readonly path: string;
}

/** How variations are named. */
export interface OutputNames {
  /** Variations of each image. */
  readonly imagesPerPrompt: number;
  /** Format of their files. */
  readonly format: VariationFormat;
}

/** Which images a plan takes, and how their variations are named. */
export interface PlanOptions extends OutputNames {
  /** A list; with `auto` a folder of lists. */
  readonly inputList: string;
  /** Whether `inputList` is a folder of `fg_ratios_LEVEL.txt` (default false). */
  readonly auto?: boolean | undefined;
  /** Folder that the lists' relative paths are in (default the working folder). */
  readonly inputPrefix?: string | undefined;
  /** Folder whose tree is mirrored (default `inputPrefix`). */
  readonly relativeTo?: string | undefined;
  /** The level of all images; that of each line if there is none. */
  readonly noiseLevel?: number | undefined;
}

/** `source` keeps the name of the image, and its format if that is one of the two. */
export type VariationFormat = "source" | "png" | "jpeg";

const LEVEL_LIST = /^fg_ratios_(\d+)\.txt$/;
const EXTENSION = /\.[^./]+$/;
const JPEG_NAME = /\.jpe?g$/i;

/** Whether a path is that of a JPEG file. */
export function isJpeg(path: string): boolean {
  return JPEG_NAME.test(path);
}

/** An image of a list. */
interface ListedLevel extends LevelLine {
  readonly list: string;
}

function place({ list, line }: ListedLevel): string {
  return `${list}, line ${line}`;
}

async function readList(list: string, level: number | undefined): Promise<ListedLevel[]> {
  const text = await explainingFileErrors(`read ${list}`, Deno.readTextFile(list));
  const { lines, malformed } = parseLevelLines(
    text,
    level === undefined ? {} : { level, only: true },
  );
  if (malformed.length > 0) {
    const shown = malformed.slice(0, 10).map(({ line, problem }) => `\n  line ${line}: ${problem}`);
    const more = malformed.length > 10 ? `\n  and ${malformed.length - 10} more` : "";
    throw new GenviewSyntaxError(
      `Cannot read ${list}: each line must be a path and a noise level, found ` +
        `${malformed.length} others:${shown.join("")}${more}`,
    );
  }
  if (lines.length > 0) return lines.map((line) => ({ ...line, list }));
  throw new GenviewTypeError(`Cannot generate variations: ${list} must name images, found none`);
}

/** Refuses a folder where a list is wanted, and a list where a folder is. */
async function checkKind(inputList: string, auto: boolean): Promise<void> {
  const { isDirectory } = await explainingFileErrors(`read ${inputList}`, Deno.stat(inputList));
  if (isDirectory === auto) return;
  throw new GenviewTypeError(
    isDirectory
      ? `Cannot read ${inputList}: --input-list must be a file, found a folder; --auto takes the ` +
        "fg_ratios_LEVEL.txt in it"
      : `Cannot read ${inputList}: with --auto, --input-list must be a folder of ` +
        "fg_ratios_LEVEL.txt, found a file; leave --auto out",
  );
}

/** The lists of a folder, by ascending level, each with the level of its name. */
async function readFolder(folder: string, asked: number | undefined): Promise<ListedLevel[]> {
  const levels: number[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const match = LEVEL_LIST.exec(name);
      if (match !== null) levels.push(Number(match[1]));
    }
  } catch (cause) {
    throw fileError(`read the folder ${folder}`, cause);
  }
  const chosen = levels.filter((level) => asked === undefined || level === asked);
  if (chosen.length === 0) {
    throw new GenviewTypeError(
      `Cannot generate variations: ${folder} must hold fg_ratios_${
        asked ?? "LEVEL"
      }.txt of "deno task noise-levels", found ${
        levels.length === 0 ? "none" : `those of ${levels.join(", ")}`
      }`,
    );
  }
  const lists: ListedLevel[] = [];
  for (const level of chosen.sort((a, b) => a - b)) {
    for (const line of await readList(join(folder, `fg_ratios_${level}.txt`), level)) {
      lists.push(line);
    }
  }
  return lists;
}

/** The image's path within the tree that is mirrored. */
function mirrored(listed: ListedLevel, sourcePath: string, root: string): string {
  const path = relative(root, resolve(sourcePath));
  if (path !== "" && path !== ".." && !path.startsWith(`..${sep}`)) {
    return path.replaceAll(sep, "/");
  }
  throw new GenviewTypeError(
    `Cannot mirror ${listed.path} (${place(listed)}): it must lie below ${root}; ` +
      "--relative-to names the folder whose tree is mirrored",
  );
}

/** Where a variation goes: in place of its image, or, of several, in a folder of the image's name. */
function outputPath(
  key: string,
  index: number,
  { format, imagesPerPrompt }: OutputNames,
): string {
  const own = EXTENSION.exec(key)?.[0] ?? "";
  const stem = key.slice(0, key.length - own.length);
  const keeps = format === "source" && (isJpeg(key) || own.toLowerCase() === ".png");
  const extension = keeps ? own : format === "jpeg" ? ".jpg" : ".png";
  return imagesPerPrompt === 1 ? `${stem}${extension}` : `${stem}/${index}${extension}`;
}

function twoLevels(line: ListedLevel, before: ListedLevel): TypeError {
  return new GenviewTypeError(
    `Cannot generate variations of ${line.path} (${place(line)}): an image must have one level, ` +
      `found ${line.level} and ${before.level} (${place(before)})`,
  );
}

/** The variations of an image. */
export function variationsOf(image: PlannedImage, names: OutputNames): PlannedVariation[] {
  const source = fileSource(image.sourcePath);
  return Array.from({ length: names.imagesPerPrompt }, (_, index) => ({
    ...image,
    source,
    index,
    path: outputPath(image.key, index, names),
  }));
}

/**
 * Refuses images whose variations could not be told apart: one has the very name of its image, or differs from those of
 * all other images in more than the extension. So they are paired with their images, too.
 */
function checkNames(images: readonly PlannedImage[], names: OutputNames): void {
  const byStem = Map.groupBy(images, ({ key }) => key.replace(EXTENSION, ""));
  const below = names.imagesPerPrompt === 1
    ? undefined
    : images.find(({ key }) => byStem.has(dirname(key)));
  if (below !== undefined) {
    const [above] = byStem.get(dirname(below.key))!;
    throw new GenviewTypeError(
      `Cannot generate several variations of ${
        above!.key
      }: they go into the folder of its name, found the image ` +
        `${below.key} of that folder; rename one of them, or generate one variation of each`,
    );
  }
  for (const others of byStem.values()) {
    const unlike = others.find(({ key }) => outputPath(key, 0, names) !== key);
    if (others.length === 1 || unlike === undefined) continue;
    const rival = others.find((image) => image !== unlike)!;
    throw new GenviewTypeError(
      `Cannot generate variations of ${rival.key} and ${unlike.key}: where images differ in nothing but their ` +
        `extension, a variation must have the very name of its image, found ${
          outputPath(unlike.key, 0, names)
        } for ${unlike.key}; rename one of them`,
    );
  }
}

/**
 * The images whose variations are wanted, in the order of the lists.
 *
 * @throws {SyntaxError} if lines are malformed, naming file and lines
 * @throws {TypeError} if an image has two levels or lies outside the tree, or the variations of two could not be told apart
 */
export async function planVariations(options: PlanOptions): Promise<PlannedImage[]> {
  const { inputList, auto = false, inputPrefix, relativeTo, noiseLevel } = options;
  await checkKind(inputList, auto);
  const listed = auto
    ? await readFolder(inputList, noiseLevel)
    : await readList(inputList, noiseLevel);
  const root = resolve(relativeTo || inputPrefix || ".");
  const seen = new Map<string, ListedLevel>();
  const images: PlannedImage[] = [];
  for (const line of listed) {
    const { path, level } = line;
    const sourcePath = isAbsolute(path) ? path : join(inputPrefix || ".", path);
    const key = mirrored(line, sourcePath, root);
    const before = seen.get(key);
    if (before === undefined) images.push({ key, sourcePath, level });
    else if (before.level !== level) throw twoLevels(line, before);
    seen.set(key, line);
  }
  checkNames(images, options);
  return images;
}
