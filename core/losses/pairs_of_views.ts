/**
 * The pairs of views that a symmetric loss compares.
 *
 * @module
 */

/**
 * Indices of every pair of a global view and another, each pair once: local views are not compared with each other.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { pairsOfViews } from "./pairs_of_views.ts";
 *
 * assertEquals(pairsOfViews(4, 2), [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3]]);
 * ```
 *
 * @param views number of views
 * @param globals how many of them are global, which come first (default all)
 */
export function pairsOfViews(
  views: number,
  globals: number = views,
): (readonly [first: number, second: number])[] {
  const indices = Array.from({ length: views }, (_, i) => i);
  return indices.slice(0, globals).flatMap((first) =>
    indices.slice(first + 1).map((second) => [first, second] as const)
  );
}
