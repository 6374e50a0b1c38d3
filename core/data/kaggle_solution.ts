/**
 * Labels of ImageNet's validation images as Kaggle's competition has them: `LOC_val_solution.csv`, in which the class of
 * an image stands before each of its boxes.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { splitLines } from "../files/lines.ts";
import type { Dataset } from "./dataset.ts";
import { datasetOf } from "./dataset_of.ts";

const TABLE = "LOC_val_solution.csv";

/** A line of the table: an image, and the synset of its first box. */
const LINE = /^(\w+),(n\d{8}) /;

/** Kaggle's table for a folder of validation images: beside it, or above the folders `ILSVRC/Data/CLS-LOC` that hold it. */
export async function findKaggleSolution(folder: string): Promise<string | undefined> {
  for (const above of ["..", "../../../.."]) {
    const table = join(resolve(folder, above), TABLE);
    if ((await ifThere(Deno.stat(table)))?.isFile) return table;
  }
  return undefined;
}

/** The synset of each image, by its name without extension. */
function parseSolution(text: string, table: string): Map<string, string> {
  const synsets = new Map<string, string>();
  splitLines(text).forEach((line, i) => {
    if (line === "" || (i === 0 && line.startsWith("ImageId,"))) return;
    const match = LINE.exec(line);
    if (match === null) {
      throw new GenviewSyntaxError(
        `Cannot read ${table}: each line must be an image, a comma and boxes that each begin with a synset, found "${
          line.slice(0, 80)
        }" (line ${i + 1})`,
      );
    }
    synsets.set(match[1]!, match[2]!);
  });
  return synsets;
}

/**
 * Labels a flat folder of images by Kaggle's table. Classes are synsets in alphabetical order, as their folders are in
 * `train`.
 *
 * @param table path of `LOC_val_solution.csv`
 * @throws {TypeError} if an image is not in the table
 * @throws {SyntaxError} if a line is malformed, naming it
 */
export async function withKaggleSolution(images: Dataset, table: string): Promise<Dataset> {
  const text = await explainingFileErrors(`read ${table}`, Deno.readTextFile(table));
  const synsets = parseSolution(text, table);
  const classes = [...new Set(synsets.values())].sort();
  const numbers = new Map(classes.map((name, label) => [name, label]));
  const labels = Array.from({ length: images.length }, (_, index) => {
    const { key } = images.sample(index);
    const synset = synsets.get(key.replace(/\.[^.]*$/, ""));
    if (synset !== undefined) return numbers.get(synset)!;
    throw new GenviewTypeError(
      `Cannot label the images of "${images.name}" by ${table}: it must have a line for each, found none for "${key}"`,
    );
  });
  return datasetOf(images.name, images.length, (index) => {
    return { ...images.sample(index), label: labels[index]! };
  }, classes);
}
