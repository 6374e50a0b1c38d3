/**
 * Ranks: which comes first, and how many come before the right one.
 *
 * @module
 */

/** Position of the largest element; among equal ones the first. */
export function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 1; i < values.length; i++) {
    if (values[i]! > values[largest]!) largest = i;
  }
  return largest;
}

/**
 * Number of elements that come before one in descending order; equal ones come in the order of their positions.
 *
 * ```ts
 * import { rankOf } from "./ranking.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rankOf([0.5, 0.1, 0.5, 0.9], 2), 2);
 * ```
 *
 * @param values scores
 * @param position which element; it is in place `rankOf() + 1`
 */
export function rankOf(values: ArrayLike<number>, position: number): number {
  const value = values[position]!;
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! > value || (values[i] === value && i < position)) before++;
  }
  return before;
}

/** Counts how often the right class is first, or among the first five, by the logits of one row after another. */
export class HitCount {
  readonly #labels: Int32Array;
  readonly #predictions: Int32Array;
  #row = 0;
  #first = 0;
  #firstFive = 0;

  /** @param labels numbers of the rows' classes, in the order in which their logits come */
  constructor(labels: Int32Array) {
    this.#labels = labels;
    this.#predictions = new Int32Array(labels.length);
  }

  /**
   * Counts the next rows.
   *
   * @param logits row-major, of as many rows or more
   * @param count rows that count
   * @param classes logits of a row
   */
  add(logits: Float32Array, count: number, classes: number): void {
    for (let i = 0; i < count; i++) {
      const scores = logits.subarray(i * classes, (i + 1) * classes);
      const rank = rankOf(scores, this.#labels[this.#row]!);
      if (rank < 1) this.#first++;
      if (rank < 5) this.#firstFive++;
      this.#predictions[this.#row++] = largestOf(scores);
    }
  }

  /** Shares of the rows that were counted, and the class that comes first of each. */
  result(): { readonly top1: number; readonly top5: number; readonly predictions: Int32Array } {
    return {
      top1: this.#first / this.#row,
      top5: this.#firstFive / this.#row,
      predictions: this.#predictions,
    };
  }
}
