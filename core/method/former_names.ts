/**
 * Options that had another name when a run was stored.
 *
 * @module
 */
import type { Configuration } from "./configuration.ts";

/** Names of today by the former ones. */
const RENAMED: ReadonlyMap<string, keyof Configuration> = new Map([
  ["qualityVectors", "qualityComponent"],
]);

/**
 * The configuration that a run has stored, under today's names, so that runs of earlier versions can be resumed.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withTodaysNames } from "./former_names.ts";
 *
 * assertEquals(withTodaysNames({ epochs: 2, qualityVectors: "pca_results" }) as unknown, {
 *   epochs: 2,
 *   qualityComponent: "pca_results",
 * });
 * ```
 *
 * @param stored as it was read; its values are checked where they are used
 */
export function withTodaysNames(stored: unknown): Configuration {
  return Object.fromEntries(
    Object.entries(stored as object).map(([name, value]) => [RENAMED.get(name) ?? name, value]),
  ) as unknown as Configuration;
}
