/**
 * Names of options as people write them.
 *
 * @module
 */

/**
 * An option's name as it stands on the command line.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { optionName } from "./option_name.ts";
 *
 * assertEquals(optionName("batchSize"), "--batch-size");
 * ```
 *
 * @param name the option's name in its schema
 */
export function optionName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
