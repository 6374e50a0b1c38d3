/**
 * Lists of images in a text file.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { dirname } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import { splitLines } from "../files/lines.ts";
import type { Dataset } from "./dataset.ts";
import { datasetOf, fileSource } from "./dataset_of.ts";
import { findFile } from "./decode/read_image_file.ts";
import { isImageName } from "./image_folder.ts";
import { isAbsolutePath, normalizeKey } from "./relative_path.ts";

/** One line of a list. */
export interface ListedImage {
  readonly path: string;
  readonly label?: number;
}

/** Problems that an error names. */
const SHOWN = 10;

/** Largest label: one of 32 bits. */
const LARGEST_LABEL = 2 ** 31 - 1;

/** A digit string after white space, at the end of a line. */
const LABEL = /^(.*\S)\s+(\d+)$/;

/** Splits one line; a text is what is wrong with it. */
function splitLine(line: string): ListedImage | string {
  const [path, label, ...rest] = line.split("\t");
  if (label === undefined) {
    const match = LABEL.exec(line);
    return match ? { path: match[1]!, label: Number(match[2]) } : { path: line };
  }
  if (rest.length > 0) return `it must have one tab at most, found ${rest.length + 1}`;
  if (path!.trim() === "") return "it must begin with a path, found none";
  if (label.trim() === "") return { path: path! };
  if (!/^\d+$/.test(label.trim())) {
    return `its label must be a whole number, found "${label.trim()}"`;
  }
  return { path: path!, label: Number(label) };
}

/** Reads one line; a text is what is wrong with it. */
function parseLine(line: string): ListedImage | string {
  const image = splitLine(line);
  if (typeof image === "string" || (image.label ?? 0) <= LARGEST_LABEL) return image;
  return `its label must be at most ${LARGEST_LABEL}, found ${image.label}`;
}

/** Images by the numbers of their lines. */
function parseLines(text: string, name: string): Map<number, ListedImage> {
  const images = new Map<number, ListedImage>();
  const problems: string[] = [];
  const bare: number[] = [];
  splitLines(text).forEach((line, i) => {
    const trimmed = line.replace(/^ +/, "").replace(/ +$/, "");
    if (trimmed.trim() === "" || trimmed.startsWith("#")) return;
    const parsed = parseLine(trimmed);
    if (typeof parsed === "string") {
      problems.push(`line ${i + 1}: ${parsed}`);
      return;
    }
    if (parsed.label === undefined) bare.push(i + 1);
    images.set(i + 1, parsed);
  });
  if (bare.length > 0 && bare.length < images.size) {
    const shown = bare.slice(0, 5).join(", ") + (bare.length > 5 ? ", …" : "");
    problems.push(`all lines must have a label or none, found ${bare.length} without: ${shown}`);
  }
  if (problems.length > 0) {
    const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : "";
    throw new GenviewSyntaxError(
      `Cannot read the image list "${name}": ${problems.slice(0, SHOWN).join("; ")}${more}`,
    );
  }
  return images;
}

/**
 * Parses a list of images: one path in each line, and its label if there is one. Blank lines and those that begin with
 * `#` mean nothing.
 *
 * A tab stands between path and label, and the path is everything before it. In a line without a tab, a whole number
 * after the last space is the label; so a path that itself ends in a space and a number, such as `photo 12`, is
 * followed by a tab.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseImageList("# animals\na cat.jpg 3\nphoto 12\t7\n"), [
 *   { path: "a cat.jpg", label: 3 },
 *   { path: "photo 12", label: 7 },
 * ]);
 * ```
 *
 * @param name what errors call the list
 * @throws {SyntaxError} if lines are malformed, naming the first ten; or if some have a label and some do not
 */
export function parseImageList(text: string, name = "list"): ListedImage[] {
  return [...parseLines(text, name).values()];
}

/** Options of {@link openImageList}. */
export interface ImageListOptions {
  /** Folder to which relative paths refer; by default the one that the list is in. */
  readonly root?: string;
  /** Whether the images themselves are needed, rather than their names alone (default true). */
  readonly files?: boolean;
}

/** Images that are looked for when a list is opened. */
const LOOKED_FOR = 10;

/**
 * Refuses a list that leads nowhere. One file of the first few is enough: which of the others are missing shows when
 * they are loaded, since looking for a million takes minutes.
 */
async function requireFiles(
  name: string,
  images: ReadonlyMap<number, ListedImage>,
  place: (path: string) => string,
): Promise<void> {
  const first = images.entries().take(LOOKED_FOR).toArray();
  for (const [, { path }] of first) {
    if ((await findFile(place(path)))?.isFile) return;
  }
  const [line, { path, label }] = first[0]!;
  throw new GenviewTypeError(
    `Cannot open the image list "${name}": its lines must be paths of images, each with a whole number as its label ` +
      `or without one, found no file "${place(path)}" (line ${line}${
        label === undefined ? ", read as a path without a label" : ""
      })${first.length > 1 ? `, nor those of the next ${first.length - 1}` : ""}`,
  );
}

/**
 * Opens a list of images, written as {@link parseImageList} reads it. Keys are the paths, normalised by
 * `normalizeKey`. Which
 * files are missing shows when they are loaded; if none of the first is there, the list is refused.
 *
 * @throws {Deno.errors.NotFound} if there is no such list
 * @throws {SyntaxError} if lines are malformed
 * @throws {TypeError} if the list is empty, leads to no files, or is an image itself
 */
export async function openImageList(
  path: string,
  { root = dirname(path), files = true }: ImageListOptions = {},
): Promise<Dataset> {
  if (isImageName(path)) {
    throw new GenviewTypeError(
      `Cannot open the image list "${path}": it must be a text file of paths, found the name of an image`,
    );
  }
  const text = await explainingFileErrors(`read the image list "${path}"`, Deno.readTextFile(path));
  const listed = parseLines(text, path);
  if (listed.size === 0) {
    throw new GenviewTypeError(
      `Cannot open the image list "${path}": it must name images, found none`,
    );
  }
  const place = (image: string) => isAbsolutePath(image) ? image : `${root}/${image}`;
  if (files) await requireFiles(path, listed, place);
  const images = [...listed.values()];
  return datasetOf(path, images.length, (index) => {
    const { path: written, label } = images[index]!;
    const key = normalizeKey(written);
    return { key, source: fileSource(place(key)), ...(label !== undefined && { label }) };
  });
}
