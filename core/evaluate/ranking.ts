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
