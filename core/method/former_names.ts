/**
 * Options that had another name when a run was stored.
 *
 * @module
 */
import { ENCODER_MOMENTUM } from "../engine/optim/step_names.ts";
import type { Configuration } from "./configuration.ts";

/** Names of today by the former ones. */
const RENAMED: ReadonlyMap<string, keyof Configuration> = new Map([
  ["qualityVectors", "qualityComponent"],
]);

/** Names of today by the former ones, of schedules. */
const RENAMED_SCHEDULES: ReadonlyMap<string, string> = new Map([["momentum", ENCODER_MOMENTUM]]);

function renamed(record: object, names: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [names.get(name) ?? name, value]),
  );
}

/**
 * The configuration that a run has stored, under today's names, so that runs of earlier versions can be resumed.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withTodaysNames } from "./former_names.ts";
 *
 * const stored = { qualityVectors: "pca_results", scheduled: { momentum: { from: 0.99, to: 1 } } };
 * assertEquals(withTodaysNames(stored) as unknown, {
 *   qualityComponent: "pca_results",
 *   scheduled: { encoderMomentum: { from: 0.99, to: 1 } },
 * });
 * ```
 *
 * @param stored as it was read; its values are checked where they are used
 */
export function withTodaysNames(stored: unknown): Configuration {
  const today = renamed(stored as object, RENAMED);
  const { scheduled } = today;
  if (typeof scheduled === "object" && scheduled !== null) {
    today["scheduled"] = renamed(scheduled, RENAMED_SCHEDULES);
  }
  return today as unknown as Configuration;
}
