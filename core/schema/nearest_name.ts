/**
 * Suggestions for names that are not there.
 *
 * @module
 */

/** Fewest insertions, deletions and replacements that turn one text into another. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + Number(a[row - 1] !== b[column - 1]);
      line.push(Math.min(replaced, above[column]! + 1, line[column - 1]! + 1));
    }
    above = line;
  }
  return above[b.length]!;
}

/**
 * The name that is closest to one that was asked for, by edit distance without regard to case; undefined if there are none.
 * Of names that are equally near, the one whose case fits better is taken, then the first.
 *
 * ```ts
 * import { nearestName } from "./nearest_name.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearestName("fc.weigth", ["fc.bias", "fc.weight"]), "fc.weight");
 * ```
 */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    // A name in another case is nearer than any other name; the case decides between equals.
    const folded = editDistance(wanted.toLowerCase(), name.toLowerCase());
    const distance = folded + editDistance(wanted, name) / (1 + wanted.length + name.length);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}
