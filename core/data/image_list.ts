/**
 * Lists of images in a text file.
 *
 * @module
 */
import type { Dataset } from "./dataset.ts";
import { datasetOf, fileSource } from "./dataset_of.ts";

/** One line of a list. */
export interface ListedImage {
  readonly path: string;
  readonly label?: number;
}

/** A digit string after white space, at the end of a line. */
const LABEL = /^(.*\S)\s+(\d+)$/;

/** Splits one line; a text is what is wrong with it. */
function parseLine(line: string): ListedImage | string {
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
 * @throws {SyntaxError} if lines are malformed, naming each; or if some have a label and some do not
 */
export function parseImageList(text: string, name = "list"): ListedImage[] {
  const images: ListedImage[] = [];
  const problems: string[] = [];
  const bare: number[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    const trimmed = line.replace(/^ +/, "").replace(/ +$/, "");
    if (trimmed.trim() === "" || trimmed.startsWith("#")) return;
    const parsed = parseLine(trimmed);
    if (typeof parsed === "string") {
      problems.push(`line ${i + 1}: ${parsed}`);
      return;
    }
    if (parsed.label === undefined) bare.push(i + 1);
    images.push(parsed);
  });
  if (bare.length > 0 && bare.length < images.length) {
    const shown = bare.slice(0, 5).join(", ") + (bare.length > 5 ? ", …" : "");
    problems.push(`all lines must have a label or none, found ${bare.length} without: ${shown}`);
  }
  if (problems.length > 0) {
    throw new SyntaxError(`Cannot read the image list "${name}": ${problems.join("; ")}`);
  }
  return images;
}

/** Options of {@link openImageList}. */
export interface ImageListOptions {
  /** Folder to which relative paths refer; by default the one that the list is in. */
  readonly root?: string;
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
}

/**
 * Opens a list of images, written as {@link parseImageList} reads it. Keys are the paths as they are written. Whether
 * the files exist shows when they are loaded.
 *
 * @throws {Deno.errors.NotFound} if there is no such list
 * @throws {SyntaxError} if lines are malformed
 * @throws {TypeError} if the list is empty
 */
export async function openImageList(
  path: string,
  { root = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "." }: ImageListOptions = {},
): Promise<Dataset> {
  const images = parseImageList(await Deno.readTextFile(path), path);
  if (images.length === 0) {
    throw new TypeError(`Cannot open the image list "${path}": it must name images, found none`);
  }
  return datasetOf(path, images.length, (index) => {
    const { path: key, label } = images[index]!;
    const source = fileSource(isAbsolute(key) ? key : `${root}/${key}`);
    return { key, source, ...(label !== undefined && { label }) };
  });
}
