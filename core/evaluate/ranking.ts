/**
 * Ranks: which comes first, and how many come before the right one.
 *
 * @module
 */
import { gatherParts, type ProcessGroup } from "../distributed/mod.ts";

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

/** Counts how often the right class is first, or among the first five, by the logits of one batch after another. */
export class HitCount {
  readonly #predictions: number[] = [];
  #first = 0;
  #firstFive = 0;

  /**
   * Counts the rows of a batch.
   *
   * @param logits row-major; rows behind those that have a label do not count
   * @param labels number of each row's class
   * @param classes logits of a row
   */
  add(logits: Float32Array, labels: ArrayLike<number>, classes: number): void {
    for (let row = 0; row < labels.length; row++) {
      const scores = logits.subarray(row * classes, (row + 1) * classes);
      const rank = rankOf(scores, labels[row]!);
      if (rank < 1) this.#first++;
      if (rank < 5) this.#firstFive++;
      this.#predictions.push(largestOf(scores));
    }
  }

  /**
   * Shares of the rows that were counted, and the class that comes first of each.
   *
   * @param group ranks whose rows are counted together, in their order
   */
  async result(
    group?: ProcessGroup,
  ): Promise<{ readonly top1: number; readonly top5: number; readonly predictions: Int32Array }> {
    const hits = Float64Array.of(this.#first, this.#firstFive);
    await group?.allReduce(hits, "sum");
    const predictions = await gatherParts(group, Int32Array.from(this.#predictions));
    const [first, firstFive] = hits as unknown as [number, number];
    return {
      top1: first / predictions.length,
      top5: firstFive / predictions.length,
      predictions,
    };
  }
}
