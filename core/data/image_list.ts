/**
 * Lists of images in a text file.
 *
 * @module
 */
import { basename, dirname, extname, join } from "node:path";
import { GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import type { ClassList } from "./class_list.ts";
import type { Dataset } from "./dataset.ts";
import { datasetOf, fileSource } from "./dataset_of.ts";
import { findFile } from "./decode/read_image_file.ts";
import { isImageName } from "./image_folder.ts";
import { largestNumber, type ListedImage, parseImageLines } from "./parse_image_list.ts";
import { isAbsolutePath, normalizeKey } from "./relative_path.ts";

/** Options of {@link openImageList}. */
export interface ImageListOptions {
  /**
   * Folder to which relative paths refer; by default the one that the list is in, or if its images are not there, one of
   * the list's name in that or beside it: `val/` of `val.txt` and of `meta/val.txt`, as ImageNet's lists lie.
   */
  readonly root?: string;
  /** Names that labels may have, and which numbers they are; labels are whole numbers alone by default. */
  readonly classes?: ClassList;
  /** Whether the images themselves are needed, rather than their names alone (default true). */
  readonly files?: boolean;
}

/** Images that are looked for when a list is opened. */
const LOOKED_FOR = 10;

/** Where a path of a list lies. */
function placeOf(path: string, root: string): string {
  return isAbsolutePath(path) ? path : `${root}/${path}`;
}

/**
 * The first folder below which images of a list lie. One file of the first few is enough: which of the others are
 * missing shows when they are loaded, since looking for a million takes minutes.
 *
 * @throws {TypeError} if none is there
 */
async function findRoot(
  name: string,
  images: ReadonlyMap<number, ListedImage>,
  roots: readonly string[],
): Promise<string> {
  const first = images.entries().take(LOOKED_FOR).toArray();
  for (const root of roots) {
    for (const [, { path }] of first) {
      if ((await findFile(placeOf(path, root)))?.isFile) return root;
    }
  }
  const [line, { path, label }] = first[0]!;
  const others = [
    ...(first.length > 1 ? [`nor those of the next ${first.length - 1}`] : []),
    ...(roots.length > 1 && !isAbsolutePath(path)
      ? [`nor any of them below ${roots.slice(1).join(" or ")}`]
      : []),
  ];
  throw new GenviewTypeError(
    `Cannot open the image list "${name}": its lines must be paths of images, each with a whole number as its label ` +
      `or without one, found no file "${placeOf(path, roots[0]!)}" (line ${line}${
        label === undefined ? ", read as a path without a label" : ""
      })${others.map((text) => `, ${text}`).join("")}`,
  );
}

/** Folders below which the images of a list may lie, the likeliest first. */
function rootsOf(list: string): string[] {
  const folder = dirname(list);
  const name = basename(list, extname(list));
  return [folder, join(folder, name), join(folder, "..", name)];
}

/**
 * Whether the labels of a list may be of classes beyond those of another list: one is a number that has none there, or all are
 * written as names.
 *
 * @throws {Deno.errors.NotFound} if there is no such list
 */
export async function labelsBeyond(path: string, { classes }: ClassList): Promise<boolean> {
  const text = await explainingFileErrors(`read the image list "${path}"`, Deno.readTextFile(path));
  return (largestNumber(text) ?? Infinity) >= classes.length;
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
  { root, files = true, classes }: ImageListOptions = {},
): Promise<Dataset> {
  if (isImageName(path)) {
    throw new GenviewTypeError(
      `Cannot open the image list "${path}": it must be a text file of paths, found the name of an image`,
    );
  }
  const text = await explainingFileErrors(`read the image list "${path}"`, Deno.readTextFile(path));
  const listed = parseImageLines(text, path, classes);
  if (listed.size === 0) {
    throw new GenviewTypeError(
      `Cannot open the image list "${path}": it must name images, found none`,
    );
  }
  const roots = root === undefined ? rootsOf(path) : [root];
  const found = files ? await findRoot(path, listed, roots) : roots[0]!;
  const images = [...listed.values()];
  return datasetOf(path, images.length, (index) => {
    const { path: written, label } = images[index]!;
    const key = normalizeKey(written);
    return { key, source: fileSource(placeOf(key, found)), ...(label !== undefined && { label }) };
  }, classes?.classes);
}
