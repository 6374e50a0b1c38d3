/**
 * The classes of two data sets, told apart in one way.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import type { Dataset } from "../data/dataset.ts";

/** Classes that an error names. */
const SHOWN = 5;

/**
 * Labels that samples of a data set have.
 *
 * @throws {TypeError} if one has none
 */
function labelsIn(dataset: Dataset): Set<number> {
  const labels = new Set<number>();
  for (let index = 0; index < dataset.length; index++) {
    const { key, label } = dataset.sample(index);
    if (label === undefined) {
      throw new GenviewTypeError(
        `Cannot evaluate on "${dataset.name}": every image must have a label, by the folder of its class or in a ` +
          `list, found none for "${key}"`,
      );
    }
    labels.add(label);
  }
  return labels;
}

/** What a bank calls the classes of queries; undefined where it has no such class. */
function numbering(bank: Dataset, queries: Dataset): (label: number) => number | undefined {
  const { classes } = bank;
  if (classes === undefined) return (label) => label;
  if (queries.classes === undefined) return (label) => label < classes.length ? label : undefined;
  const numbers = new Map(classes.map((name, label) => [name, label]));
  return (label) => numbers.get(queries.classes![label]!);
}

/**
 * The labels of queries in the numbers of a bank. Where both data sets name their classes, a class is the one of the
 * same name, since a folder that lacks a class counts the others from 0 all the same; elsewhere, of the same number.
 *
 * @returns the bank's number of each label that the queries have
 * @throws {TypeError} if a sample has no label, or the bank lacks classes of the queries
 */
export function bankLabels(bank: Dataset, queries: Dataset): ReadonlyMap<number, number> {
  labelsIn(bank);
  const numberOf = numbering(bank, queries);
  const numbers = new Map<number, number>();
  const lacking: string[] = [];
  for (const label of [...labelsIn(queries)].sort((a, b) => a - b)) {
    const number = numberOf(label);
    if (number !== undefined) numbers.set(label, number);
    else lacking.push(queries.classes ? `"${queries.classes[label]}"` : String(label));
  }
  if (lacking.length > 0) {
    const more = lacking.length > SHOWN ? ` and ${lacking.length - SHOWN} more` : "";
    throw new GenviewTypeError(
      `Cannot evaluate "${queries.name}" by "${bank.name}": each of its classes must be one of the ` +
        `${bank.classes!.length} there, found ${lacking.slice(0, SHOWN).join(", ")}${more}`,
    );
  }
  return numbers;
}
