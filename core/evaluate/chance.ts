/**
 * Chance levels: accuracies of classifiers that see no image.
 *
 * @module
 */
import { largestOf } from "./ranking.ts";
import { occurringClasses } from "./labeled_features.ts";

/** Accuracies without any knowledge of the images. */
export interface ChanceLevel {
  /** Classes that occur. */
  readonly classes: number;
  /** Top-1 accuracy of a guess among all classes: one over their number. */
  readonly balanced: number;
  /** Top-5 accuracy of five guesses among all classes. */
  readonly balancedTop5: number;
  /** Top-1 accuracy of always answering the most frequent class of the bank. */
  readonly majority: number;
}

/**
 * The chance level of classifying queries by a bank.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chanceLevel } from "./chance.ts";
 *
 * const chance = chanceLevel(Int32Array.of(0, 0, 1), Int32Array.of(0, 0, 0, 1));
 * assertEquals(chance, { classes: 2, balanced: 0.5, balancedTop5: 1, majority: 0.75 });
 * ```
 *
 * @param bank labels of the bank, `[M]`
 * @param queries labels of the queries, `[N]`
 */
export function chanceLevel(bank: Int32Array, queries: Int32Array): ChanceLevel {
  const { labels, numbersOf } = occurringClasses(bank, queries);
  const counts = new Float64Array(labels.length);
  for (const number of numbersOf(bank)) counts[number]!++;
  const most = labels[largestOf(counts)];
  const hits = queries.filter((label) => label === most).length;
  return {
    classes: labels.length,
    balanced: 1 / labels.length,
    balancedTop5: Math.min(1, 5 / labels.length),
    majority: hits / queries.length,
  };
}
