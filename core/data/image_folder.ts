/**
 * Folders of images, one folder per class.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { sep } from "node:path";
import { fileError } from "../files/file_error.ts";
import { type ClassList, describeClass } from "./class_list.ts";
import type { Dataset } from "./dataset.ts";
import { datasetOf, fileSource } from "./dataset_of.ts";
import { findFile } from "./decode/read_image_file.ts";

/** Extensions of the formats that sharp's own build of libvips reads. BMP is not among them. */
export const IMAGE_EXTENSIONS: readonly string[] = [
  "jpg",
  "jpeg",
  "png",
  "webp",
  "tif",
  "tiff",
  "gif",
  "avif",
];

/** Whether a file's name ends in the extension of an image, in whichever case. */
export function isImageName(name: string): boolean {
  const dot = name.lastIndexOf(".");
  return dot > 0 && IMAGE_EXTENSIONS.includes(name.slice(dot + 1).toLowerCase());
}

/** Compares by code units, as every machine does alike. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Classes that an error names. */
const SHOWN = 5;

interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/**
 * Whether a link leads to a folder. One that leads to nothing counts as a file: if it has the name of an image, loading
 * warns of it.
 *
 * @throws {TypeError} if it leads to a folder that it is in
 */
async function leadsToFolder(folder: string, name: string): Promise<boolean> {
  const found = await findFile(`${folder}/${name}`);
  if (!found?.isDirectory) return false;
  const [inside, target] = [await Deno.realPath(folder), await Deno.realPath(`${folder}/${name}`)];
  if (inside !== target && !inside.startsWith(target + sep)) return true;
  throw new GenviewTypeError(
    `Cannot list the images in "${folder}": links must not lead to a folder that they are in, found "${name}" to ${target}`,
  );
}

/** Entries of a folder in order; links count as what they lead to, and hidden ones are left out. */
async function list(folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  try {
    for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
      if (name.startsWith(".")) continue;
      const directory = isSymlink ? await leadsToFolder(folder, name) : isDirectory;
      entries.push({ name, isDirectory: directory });
    }
  } catch (cause) {
    throw fileError(`list the images in "${folder}"`, cause);
  }
  return entries.sort((a, b) => compare(a.name, b.name));
}

/** Images below a folder, one by one, as paths that begin with a prefix. */
async function* imagesBelow(folder: string, prefix: string): AsyncGenerator<string> {
  for (const { name, isDirectory } of await list(folder)) {
    if (isDirectory) yield* imagesBelow(`${folder}/${name}`, `${prefix}${name}/`);
    else if (isImageName(name)) yield `${prefix}${name}`;
  }
}

/** Whether a folder holds images, and no folder of a class. */
export async function isFlatFolder(folder: string): Promise<boolean> {
  const entries = await list(folder);
  return !entries.some(({ isDirectory }) => isDirectory) &&
    entries.some(({ name }) => isImageName(name));
}

/** Names of the folders of classes in a folder, in order. */
export async function classFolders(folder: string): Promise<string[]> {
  return (await list(folder)).filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
}

/** Paths of the images below a folder, relative to it, folder by folder and in order. */
export async function listImages(folder: string): Promise<string[]> {
  return await Array.fromAsync(imagesBelow(folder, ""));
}

function empty(root: string, found: string): TypeError {
  return new GenviewTypeError(
    `Cannot open the image folder "${root}": it must hold images (${
      IMAGE_EXTENSIONS.join(", ")
    }), found ${found}`,
  );
}

/** Names of the parts that data sets come in. */
const PARTS = /^(train|training|val|valid|validation|test|testing|meta)$/i;

/** Refuses a folder whose folders are parts of a data set rather than classes. */
function refuseParts(root: string, folders: readonly string[]): void {
  if (folders.length < 2 || !folders.every((name) => PARTS.test(name))) return;
  throw new GenviewTypeError(
    `Cannot open the image folder "${root}": its folders must be classes, found ${
      folders.join(", ")
    }, which are parts of a data set; name one of them, such as ${root}/${folders.at(-2)}`,
  );
}

/** The classes of a list, each of which must have its folder. */
function listedClasses(root: string, folders: readonly string[], list: ClassList): string[] {
  const there = new Set(folders);
  const lacking = list.classes.keys().filter((label) => !there.has(list.classes[label]!)).toArray();
  if (lacking.length === 0) return [...list.classes];
  const more = lacking.length > SHOWN ? ` and ${lacking.length - SHOWN} more` : "";
  throw new GenviewTypeError(
    `Cannot open the image folder "${root}": each class of ${list.name} must have its folder, found none for ${
      lacking.slice(0, SHOWN).map((label) => describeClass(list, label)).join(", ")
    }${more}`,
  );
}

/** Options of {@linkcode openImageFolder}. */
export interface ImageFolderOptions {
  /** Classes that are opened, in the order of their labels; all in alphabetical order by default. */
  readonly classes?: ClassList;
}

/**
 * Opens a folder of images. With folders in it, each is a class: classes come in alphabetical order, and their images
 * at any depth below. Without, its images have no labels. Keys are paths relative to the folder.
 *
 * @throws {Deno.errors.NotFound} if there is no such folder
 * @throws {TypeError} if the folder or one of its classes holds no image, images stand beside folders, the folders are
 * the parts of a data set, or a class of the list has none
 */
export async function openImageFolder(
  root: string,
  { classes: listed }: ImageFolderOptions = {},
): Promise<Dataset> {
  const entries = await list(root);
  const folders = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  const loose = entries.filter(({ name, isDirectory }) => !isDirectory && isImageName(name));
  if (folders.length === 0) {
    if (loose.length === 0) throw empty(root, "none");
    return datasetOf(root, loose.length, (index) => {
      const key = loose[index]!.name;
      return { key, source: fileSource(`${root}/${key}`) };
    });
  }
  if (loose.length > 0) {
    throw new GenviewTypeError(
      `Cannot open the image folder "${root}": every image must stand in the folder of its class, found "${
        loose[0]!.name
      }" beside the folders`,
    );
  }
  refuseParts(root, folders);
  const classes = listed === undefined ? folders : listedClasses(root, folders, listed);
  const keys: string[] = [];
  const labels: number[] = [];
  for (const [label, name] of classes.entries()) {
    const paths = await listImages(`${root}/${name}`);
    if (paths.length === 0) throw empty(root, `none in its class "${name}"`);
    for (const path of paths) {
      keys.push(`${name}/${path}`);
      labels.push(label);
    }
  }
  return datasetOf(root, keys.length, (index) => {
    const key = keys[index]!;
    return { key, source: fileSource(`${root}/${key}`), label: labels[index]! };
  }, classes);
}
