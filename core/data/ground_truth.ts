/**
 * Labels of ImageNet's validation images as its development kit has them: a number for each image, in the order of the
 * images' names, and a table of what the numbers mean.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { splitLines } from "../files/lines.ts";
import { readMatRecords } from "../files/mat_struct.ts";
import type { Dataset } from "./dataset.ts";
import { datasetOf } from "./dataset_of.ts";

/** Name of the list in the development kit. */
const LIST = "ILSVRC2012_validation_ground_truth.txt";

/** Name of the folder that the development kit unpacks to. */
const KIT = "ILSVRC2012_devkit_t12";

/**
 * The development kit's list of labels for a folder of validation images: beside it, or in the kit's own folder there.
 */
export async function findGroundTruth(folder: string): Promise<string | undefined> {
  const parent = dirname(resolve(folder));
  for (const list of [join(parent, LIST), join(parent, KIT, "data", LIST)]) {
    if ((await ifThere(Deno.stat(list)))?.isFile) return list;
  }
  return undefined;
}

/** The synsets that are classes, by ImageNet's numbers for them; other synsets have children. */
async function readSynsets(table: string): Promise<Map<number, string>> {
  const bytes = await explainingFileErrors(`read ${table}`, Deno.readFile(table));
  const synsets = new Map<number, string>();
  for (const record of await readMatRecords(bytes, table, "synsets")) {
    const { ILSVRC2012_ID: id, WNID: synset, num_children: children } = record;
    if (typeof id !== "number" || typeof synset !== "string" || typeof children !== "number") {
      throw new GenviewSyntaxError(
        `Cannot read ${table}: each synset must have ILSVRC2012_ID, WNID and num_children, found ${
          Object.keys(record).join(", ")
        }`,
      );
    }
    if (children === 0) synsets.set(id, synset);
  }
  return synsets;
}

/** The synset in each line of a list of numbers. */
function synsetsOf(list: string, text: string, synsets: ReadonlyMap<number, string>): string[] {
  const lines = splitLines(text);
  while (lines.at(-1)?.trim() === "") lines.pop();
  return lines.map((line, i) => {
    const synset = /^\d+$/.test(line.trim()) ? synsets.get(Number(line)) : undefined;
    if (synset !== undefined) return synset;
    throw new GenviewSyntaxError(
      `Cannot read the labels ${list}: each line must be the number of one of the ${synsets.size} classes, found "${line}" (line ${
        i + 1
      })`,
    );
  });
}

/**
 * Labels a flat folder of images by the development kit's list: the n-th line is that of the n-th image by name. Classes
 * are synsets in alphabetical order, as their folders are in `train`.
 *
 * @param images the folder, whose samples come in the order of their names
 * @param list path of `ILSVRC2012_validation_ground_truth.txt`, beside which is `meta.mat`
 * @throws {TypeError} if there are more or fewer lines than images
 * @throws {SyntaxError} if a file is malformed, naming it and the line
 * @throws {Deno.errors.NotFound} if `meta.mat` is missing
 */
export async function withGroundTruth(images: Dataset, list: string): Promise<Dataset> {
  const synsets = await readSynsets(join(dirname(list), "meta.mat"));
  const text = await explainingFileErrors(`read the labels ${list}`, Deno.readTextFile(list));
  const found = synsetsOf(list, text, synsets);
  if (found.length !== images.length) {
    throw new GenviewTypeError(
      `Cannot label the images of "${images.name}" by ${
        basename(list)
      }: it must have a line for each of the ` +
        `${images.length} images, found ${found.length}`,
    );
  }
  const classes = [...synsets.values()].sort();
  const labels = new Map(classes.map((name, label) => [name, label]));
  return datasetOf(images.name, images.length, (index) => {
    return { ...images.sample(index), label: labels.get(found[index]!)! };
  }, classes);
}
