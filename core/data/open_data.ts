/**
 * Data sets by name, as a command line or a configuration names them: emoji, a folder of images, a list file, or shards;
 * and their variations.
 *
 * @module
 */
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import type { EmojiDesign } from "../deps/emoji.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import type { Dataset } from "./dataset.ts";
import type { ClassList } from "./class_list.ts";
import { findGroundTruth, withGroundTruth } from "./ground_truth.ts";
import { classFolders, isFlatFolder, openImageFolder } from "./image_folder.ts";
import { labelsBeyond, openImageList } from "./image_list.ts";
import { findKaggleSolution, withKaggleSolution } from "./kaggle_solution.ts";
import { ofListedClasses } from "./listed_classes.ts";
import { openNamedShards, openShards } from "./shards/open_shards.ts";
import { openVariationShards, openVariationsIn } from "./shards/shard_variations.ts";
import { findShards, isShardName } from "./shards/shard_names.ts";
import { openTarIndex } from "./tar/tar_index.ts";
import { type MissingVariation, type VariationKey, withVariations } from "./pairing.ts";
import { openVariationList, type VariationFiles } from "./variations.ts";

/** Names of emoji: their design, whether they stand in the middle or have variations, and how many if several. */
const EMOJI = /^emoji-(google|twitter)(?:(-centred)|(-pairs(?:-([1-9]\d?))?))?$/;

/** What names of data are. */
const RULE =
  "emoji-google, emoji-twitter, either with -centred, -pairs or -pairs-N, a folder of images, a list file or shards (.tar or .parquet)";

/** Whether a name is that of emoji, which are drawn and lie nowhere. */
export function isEmojiName(name: string): boolean {
  return EMOJI.test(name);
}

/** How a data set is opened by name. */
export interface OpenDataOptions {
  /** Whether rendered images get a new background in every epoch (default false). */
  readonly redraw?: boolean;
  /**
   * Names the backgrounds of rendered images (default 0). Training uses its own seed; evaluation keeps the default, so
   * that all runs are compared on the same images.
   */
  readonly seed?: number;
  /** Whether the images of a list themselves are needed, rather than their names alone (default true). */
  readonly files?: boolean;
  /** Classes of a folder that are opened, in the order of their labels, or that a list's labels name; emoji have theirs. */
  readonly classes?: ClassList;
}

/** Whether a path is that of a folder; an error if there is nothing. */
async function isFolder(path: string, what: string, rule: string): Promise<boolean> {
  const action = `open ${what} "${path}"`;
  const found = await explainingFileErrors(action, ifThere(Deno.stat(path)));
  if (found !== undefined) return found.isDirectory;
  // A run keeps the path as it was given, and may be evaluated from another folder.
  const place = isAbsolute(path) ? "" : ` in ${Deno.cwd()}`;
  throw new GenviewTypeError(
    `Cannot ${action}: it must be ${rule}, found nothing of this name${place}`,
  );
}

/**
 * Opens a data set by name: `emoji-google` or `emoji-twitter`, either with `-centred` for emoji in the middle of their images,
 * with `-pairs` for a variation of each image, or with `-pairs-N` for N of them, at most 99; a folder of images; a list file; or
 * shards, which are tars of WebDataset's or Parquet files: one, several by braces or `*`, or a folder of them.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openData } from "./open_data.ts";
 *
 * const emoji = await openData("emoji-twitter");
 * assertEquals(emoji.sample(0).key, "1F600");
 * ```
 *
 * @throws {TypeError} if the name is none of these
 */
export async function openData(
  name: string,
  { redraw = false, seed = 0, files = true, classes }: OpenDataOptions = {},
): Promise<Dataset> {
  const emoji = EMOJI.exec(name);
  if (emoji !== null) {
    const { openEmoji } = await import("./emoji/mod.ts");
    const [, design, centred, pairs, count = 1] = emoji;
    const variations = pairs === undefined ? 0 : Number(count);
    return openEmoji(design as EmojiDesign, {
      redraw,
      seed,
      variations,
      centred: centred !== undefined,
    });
  }
  const given = classes === undefined ? {} : { classes };
  const shards = await openNamedShards(name, given);
  if (shards !== undefined) return shards;
  return await isFolder(name, "data", RULE)
    ? openImageFolder(name, given)
    : openImageList(name, { files, ...given });
}

/** Where ImageNet's list of a flat folder lies, such as that of `val`: beside it, or in `meta` as mmpretrain has it. */
async function listOf(folder: string): Promise<string | undefined> {
  const path = resolve(folder);
  const [parent, name] = [dirname(path), `${basename(path)}.txt`];
  for (const list of [join(parent, name), join(parent, "meta", name)]) {
    if ((await ifThere(Deno.stat(list)))?.isFile) return list;
  }
  return undefined;
}

/** The images of a flat folder with the labels of ImageNet's development kit or Kaggle's table, where there is one. */
async function withTable(name: string, images: Dataset): Promise<Dataset | undefined> {
  const kit = await findGroundTruth(name);
  if (kit !== undefined) return await withGroundTruth(images, kit);
  const table = await findKaggleSolution(name);
  return table === undefined ? undefined : await withKaggleSolution(images, table);
}

/** Which classes labelled data are opened for. */
interface LabelledOptions {
  /** Those that are opened (default all). */
  readonly classes?: ClassList;
  /** Those that a list may count and name where it goes beyond these, such as ImageNet's 1000 (default the same). */
  readonly all?: ClassList;
}

/**
 * Opens a list whose labels are numbers or names of the classes that are opened; or of all classes, of which the others'
 * images are left out: where one of its numbers is beyond the former, as in ImageNet's `val.txt` beside the classes of
 * ImageNet-100.
 */
async function openLabelledList(
  list: string,
  root: string | undefined,
  { classes, all = classes }: LabelledOptions,
): Promise<Dataset> {
  const isPart = classes !== undefined && all !== undefined && all !== classes &&
    await labelsBeyond(list, classes);
  const names = isPart ? all : classes ?? all;
  const dataset = await openImageList(list, {
    ...(root !== undefined && { root }),
    ...(names !== undefined && { classes: names }),
  });
  return isPart ? ofListedClasses(dataset, classes) : dataset;
}

/**
 * Opens shards whose labels are numbers or names: with a list of classes those of its names alone, and where labels are numbers,
 * numbers of these or of all classes.
 */
async function openLabelledShards(
  name: string,
  { classes, all = classes }: LabelledOptions,
): Promise<Dataset | undefined> {
  const files = await findShards(name);
  if (files === undefined) return undefined;
  const dataset = await openShards(name, files);
  if (classes !== undefined && dataset.classes !== undefined) {
    return ofListedClasses(dataset, classes);
  }
  const isPart = classes !== undefined && all !== undefined && all !== classes &&
    hasLabelBeyond(dataset, classes);
  const names = isPart ? all : classes ?? all;
  if (names === undefined || dataset.classes !== undefined) return dataset;
  const named = await openShards(name, files, { classes: names });
  return isPart ? ofListedClasses(named, classes) : named;
}

/** Whether a label is a number that a list of classes does not reach. */
function hasLabelBeyond(dataset: Dataset, { classes }: ClassList): boolean {
  for (let i = 0; i < dataset.length; i++) {
    if ((dataset.sample(i).label ?? 0) >= classes.length) return true;
  }
  return false;
}

/**
 * Opens labelled data by name, as {@linkcode openData} does, but a folder of images without classes, such as ImageNet's
 * `val`, by the list of its name where there is one, by ImageNet's development kit, or by Kaggle's table.
 */
async function openLabelled(name: string, options: LabelledOptions): Promise<Dataset> {
  const { classes } = options;
  const given = classes === undefined ? {} : { classes };
  const within = (dataset: Dataset) =>
    classes === undefined ? dataset : ofListedClasses(dataset, classes);
  if (isEmojiName(name)) return within(await openData(name));
  const shards = await openLabelledShards(name, options);
  if (shards !== undefined) return shards;
  if (!(await isFolder(name, "data", RULE))) return openLabelledList(name, undefined, options);
  const isFlat = await isFlatFolder(name);
  const list = isFlat ? await listOf(name) : undefined;
  if (list !== undefined) return openLabelledList(list, name, options);
  const images = await openImageFolder(name, given);
  if (!isFlat) return images;
  const labelled = await withTable(name, images);
  return labelled === undefined ? images : within(labelled);
}

/** All classes of labelled data, by name, where it is a folder of them; undefined for others. */
async function classesOf(name: string): Promise<ClassList | undefined> {
  if (isEmojiName(name) || await findShards(name) !== undefined) return undefined;
  if (!(await isFolder(name, "data", RULE))) return undefined;
  const classes = await classFolders(name);
  return classes.length === 0 ? undefined : { name, classes };
}

/** What a name of data leads to: the same for all ways to write it. */
async function identityOf(name: string): Promise<string> {
  const emoji = EMOJI.exec(name);
  // The images are the same, whether they have variations or not.
  if (emoji !== null) return `emoji-${emoji[1]}`;
  const shards = await findShards(name);
  const places = (shards?.paths ?? [name]).map((path) => Deno.realPath(path));
  return (await Promise.all(places)).join("\n");
}

/** Options of {@linkcode openEvaluationData}. */
export interface OpenEvaluationDataOptions {
  /**
   * Classes that data are opened for, in the order of their labels (default all). The numbers of a list count these, or
   * the classes of the bank's folders if one of the numbers is beyond these.
   */
  readonly classes?: ClassList;
}

/**
 * Opens a bank and queries for evaluation by name, rendered images by the seed 0. They are one object where both names
 * lead to the same images, such as `photos`, `photos/` and a link to it: only then is an image left out of its own
 * neighbours.
 *
 * Data come in the layouts of ImageNet: folders of classes; a flat folder such as `val` with the list `val.txt` beside it
 * or in `meta`, or with the development kit's `ILSVRC2012_validation_ground_truth.txt` and `meta.mat`, or
 * with Kaggle's `LOC_val_solution.csv`; or such a list itself, whose labels are numbers or names of the bank's classes.
 * With a list of classes, such as those of ImageNet-100, a list of images may be of these or of all classes of the bank.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { openEvaluationData } from "./open_data.ts";
 *
 * const [bank, queries] = await openEvaluationData("emoji-google", "emoji-google-pairs");
 * assert(bank === queries);
 * ```
 *
 * @throws {TypeError} if there are no such data
 * @throws {SyntaxError} if a list is malformed, naming the lines
 */
export async function openEvaluationData(
  bank: string,
  queries: string,
  { classes }: OpenEvaluationDataOptions = {},
): Promise<readonly [bank: Dataset, queries: Dataset]> {
  const listed = classes === undefined ? {} : { classes };
  const first = await openLabelled(bank, listed);
  if (queries === bank) return [first, first];
  const all = classes === undefined
    ? first.classes && { name: first.name, classes: first.classes }
    : await classesOf(bank);
  const second = await openLabelled(queries, { ...listed, ...(all && { all }) });
  return [first, await identityOf(queries) === await identityOf(bank) ? first : second];
}

/**
 * Opens variations by path: a folder of them, with the tars in it, an index of a tar (`.jsonl`), tar shards, or a list.
 *
 * @throws {TypeError} if there is nothing at the path
 */
export async function openVariations(path: string): Promise<VariationFiles> {
  const rule = "a folder, a list, an index or tar shards of them";
  const shards = isShardName(path) ? await findShards(path) : undefined;
  if (shards !== undefined) return await openVariationShards(path, shards);
  if (await isFolder(path, "the variations", rule)) return await openVariationsIn(path);
  return await (path.endsWith(".jsonl") ? openTarIndex(path) : openVariationList(path));
}

/** What a training reads; a configuration has these fields. */
export interface TrainingDataOptions {
  /** Name of the data, as {@linkcode openData} takes it. */
  readonly data: string;
  /** Path of the variations, as {@linkcode openVariations} takes it; none when empty (default). */
  readonly variations?: string;
  /** What variations are found by (default `path`). */
  readonly variationKey?: VariationKey;
  /** What happens to images without a variation (default `original`). */
  readonly missingVariation?: MissingVariation;
  /** Names the backgrounds of rendered images, which change with the epoch (default 0). */
  readonly seed?: number;
}

/**
 * Opens the data set that a training reads, with its variations.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTrainingData } from "./open_data.ts";
 *
 * const root = await Deno.makeTempDir();
 * for (const [folder, extension] of [["photos", "jpg"], ["generated", "png"]]) {
 *   await Deno.mkdir(`${root}/${folder}/cats`, { recursive: true });
 *   await Deno.writeTextFile(`${root}/${folder}/cats/1.${extension}`, "");
 * }
 * const data = `${root}/photos`, variations = `${root}/generated`;
 * const dataset = await openTrainingData({ data, variations });
 * assertEquals(dataset.coverage?.samplesByCount, [0, 1]);
 * await Deno.remove(root, { recursive: true });
 * ```
 *
 * @throws {TypeError} if data or variations are not there, or do not belong together
 */
export async function openTrainingData(
  { data, variations = "", variationKey = "path", missingVariation = "original", seed = 0 }:
    TrainingDataOptions,
): Promise<Dataset> {
  const dataset = await openData(data, { redraw: true, seed });
  if (variations === "") return dataset;
  const files = await openVariations(variations);
  return withVariations(dataset, files, { key: variationKey, missing: missingVariation });
}
