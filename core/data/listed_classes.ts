/**
 * The part of a labelled data set that is of the classes of a list.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { type ClassList, describeClass } from "./class_list.ts";
import type { Dataset } from "./dataset.ts";
import { datasetOf } from "./dataset_of.ts";

/** Classes that an error names. */
const SHOWN = 5;

/**
 * The samples of a list's classes, by name, with its numbers as their labels.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseClassList } from "./class_list.ts";
 * import { datasetOf, fileSource } from "./dataset_of.ts";
 * import { ofListedClasses } from "./listed_classes.ts";
 *
 * const names = ["cat", "cow", "dog"];
 * const all = datasetOf("all", 3, (label) => ({ key: `${label}`, source: fileSource(`${label}.jpg`), label }), names);
 * const pets = ofListedClasses(all, parseClassList("dog\ncat\n"));
 * assertEquals([0, 1].map((i) => [pets.sample(i).key, pets.sample(i).label]), [["0", 1], ["2", 0]]);
 * ```
 *
 * @param dataset a data set whose samples have labels and whose classes have names
 * @throws {TypeError} if a class of the list is none of the data set's, naming the line
 */
export function ofListedClasses(dataset: Dataset, list: ClassList): Dataset {
  const known = new Set(dataset.classes);
  const lacking = [...list.classes.keys()].filter((label) => !known.has(list.classes[label]!));
  if (lacking.length > 0) {
    const more = lacking.length > SHOWN ? ` and ${lacking.length - SHOWN} more` : "";
    throw new GenviewTypeError(
      `Cannot open "${dataset.name}": each class of ${list.name} must be one of its ${known.size}, such as "${
        dataset.classes![0]
      }", found ${
        lacking.slice(0, SHOWN).map((label) => describeClass(list, label)).join(", ")
      }${more}`,
    );
  }
  const numbers = new Map(list.classes.map((name, label) => [name, label]));
  const indices: number[] = [];
  const labels: number[] = [];
  for (let index = 0; index < dataset.length; index++) {
    const label = numbers.get(dataset.classes![dataset.sample(index).label!]!);
    if (label === undefined) continue;
    indices.push(index);
    labels.push(label);
  }
  return datasetOf(dataset.name, indices.length, (i) => {
    return { ...dataset.sample(indices[i]!), label: labels[i]! };
  }, list.classes);
}
