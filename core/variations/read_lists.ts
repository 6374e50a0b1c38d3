/**
 * Reading the lists of what is to be generated: one, or those of a folder.
 *
 * @module
 */
import { join } from "node:path";
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors, fileError } from "../files/file_error.ts";
import { formatMalformed } from "../noise/mod.ts";
import { counted } from "../schema/counted.ts";
import {
  type GenerationListFormat,
  generationListFormat,
  type GenerationRow,
  parseGenerationList,
} from "./generation_list.ts";

/** A row of a list. */
export interface ListedRow extends GenerationRow {
  /** Path of the list. */
  readonly list: string;
}

const LEVEL_LIST = /^fg_ratios_(\d+)\.txt$/;

/** What each line of a format must be. */
const LINES: Readonly<Record<GenerationListFormat, string>> = {
  text: "each line must be a path and a noise level",
  csv: "it must be CSV with a header",
  "json-lines": "each line must be an object of JSON",
};

/** Where a row stands, for messages. */
export function placeOf({ list, line }: ListedRow): string {
  return `${list}, line ${line}`;
}

async function readList(list: string, level: number | undefined): Promise<ListedRow[]> {
  const text = await explainingFileErrors(`read ${list}`, Deno.readTextFile(list));
  const format = generationListFormat(list);
  const { rows, malformed } = await parseGenerationList(
    text,
    format,
    level === undefined ? {} : { level, only: true },
  );
  if (malformed.length > 0) {
    throw new GenviewSyntaxError(
      `Cannot read ${list}: ${LINES[format]}, found ${counted(malformed.length, "other")}:` +
        formatMalformed(malformed),
    );
  }
  if (rows.length > 0) return rows.map((row) => ({ ...row, list }));
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
async function readFolder(folder: string, asked: number | undefined): Promise<ListedRow[]> {
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
  const lists: ListedRow[] = [];
  for (const level of chosen.sort((a, b) => a - b)) {
    for (const row of await readList(join(folder, `fg_ratios_${level}.txt`), level)) {
      lists.push(row);
    }
  }
  return lists;
}

/**
 * The rows of a list, or with `auto` of the `fg_ratios_LEVEL.txt` of a folder.
 *
 * @param level of all rows that have none; when given, no row may have another
 * @throws {SyntaxError} if rows are malformed, naming file, lines, columns and rules
 * @throws {TypeError} if there are none, or a folder stands where a list must, or the other way round
 */
export async function readRows(
  inputList: string,
  auto: boolean,
  level: number | undefined,
): Promise<ListedRow[]> {
  await checkKind(inputList, auto);
  return auto ? await readFolder(inputList, level) : await readList(inputList, level);
}
