/**
 * The configuration of a run from its parts: the command line over a file over the method's preset over the defaults.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { nearestName } from "../schema/nearest_name.ts";
import { type Configuration, configurationSchema } from "./configuration.ts";
import type { Manifest } from "./manifest.ts";
import { formatFound, validate } from "../schema/validate.ts";

/** A part of a configuration. */
export type PartialConfiguration = Partial<Configuration>;

/**
 * The preset of a name, the method's first one when no name is given.
 *
 * @throws {TypeError} if the method has none of the name
 */
export function presetOf(manifest: Manifest, name?: string): PartialConfiguration {
  const names = Object.keys(manifest.presets);
  const chosen = name ?? names[0]!;
  if (!Object.hasOwn(manifest.presets, chosen)) {
    throw new GenviewTypeError(
      `Cannot use preset "${chosen}" of ${manifest.title}: there is none of this name, ` +
        `the nearest is "${nearestName(chosen, names)}" (known are ${names.join(", ")})`,
    );
  }
  return manifest.presets[chosen]!;
}

/**
 * Checks that a value is an object of named values.
 *
 * @param action what cannot be done with anything else
 * @param what how the value is called, such as `options`
 * @throws {TypeError} if it is none
 */
export function checkObject(value: unknown, action: string, what: string): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw new GenviewTypeError(
    `Cannot ${action}: ${what} must be an object, such as {"epochs": 100}, found ${
      formatFound(value)
    }`,
  );
}

/** Options that hold values by name, each of which a later part may change by itself. */
const BY_NAME = ["options", "scheduled"] as const;

/**
 * The whole configuration: later parts win, option by option and schedule by schedule of the method too, and defaults
 * fill what is left.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveConfiguration } from "./resolve_configuration.ts";
 *
 * const { epochs, batchSize } = resolveConfiguration({ epochs: 100 }, { batchSize: 64 });
 * assertEquals([epochs, batchSize], [100, 64]);
 * ```
 *
 * @throws {TypeError} if a value is wrong or a name unknown, with all findings
 */
export function resolveConfiguration(...parts: readonly PartialConfiguration[]): Configuration {
  const action = "start training";
  for (const part of parts) {
    checkObject(part, action, "the configuration");
    for (const name of BY_NAME) {
      if (part[name] !== undefined) checkObject(part[name], action, `configuration.${name}`);
    }
  }
  const byName = BY_NAME.map((name) =>
    [name, Object.assign({}, ...parts.map((part) => part[name] ?? {}))] as const
  );
  const merged = Object.assign({}, ...parts, Object.fromEntries(byName));
  return validate<Configuration>(configurationSchema, merged, action, "configuration");
}
