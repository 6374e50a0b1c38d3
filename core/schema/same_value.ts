/**
 * Comparison of values that come from JSON.
 *
 * @module
 */

/** The fields of an object in alphabetical order; anything else as it is. */
function ordered(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}

/**
 * Whether two values are the same in JSON, in whichever order the fields of their objects are written. Lists are in order.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { isSameValue } from "./same_value.ts";
 *
 * assert(isSameValue({ preset: "swav", locals: 4 }, { locals: 4, preset: "swav" }));
 * assert(!isSameValue([1, 2], [2, 1]));
 * ```
 */
export function isSameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, ordered) === JSON.stringify(b, ordered);
}
