/**
 * Places that stand for a whole sequence.
 *
 * @module
 */

/**
 * So many of the numbers from 0 to `length` - 1, evenly over their whole range: each from the middle of its part. All of them
 * where there are no more.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { evenIndices } from "./even_indices.ts";
 *
 * assertEquals(evenIndices(12, 3), [2, 6, 10]);
 * assertEquals(evenIndices(2, 3), [0, 1]);
 * ```
 */
export function evenIndices(length: number, count: number): number[] {
  const kept = Math.min(length, count);
  return Array.from({ length: kept }, (_, i) => Math.floor((i + 0.5) * length / kept));
}
