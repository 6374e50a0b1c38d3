/**
 * Counts as people write them.
 *
 * @module
 */

/**
 * A count and what is counted, in the singular where it is one.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { counted } from "./counted.ts";
 *
 * assertEquals(counted(1, "epoch"), "1 epoch");
 * assertEquals(counted(2000, "epoch"), "2,000 epochs");
 * assertEquals(counted(0, "process", "processes"), "0 processes");
 * ```
 *
 * @param noun the singular
 * @param plural the noun with an s when left out
 */
export function counted(count: number, noun: string, plural: string = `${noun}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : plural}`;
}
