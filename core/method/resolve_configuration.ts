/**
 * The configuration of a run from its parts: the command line over a file over the method's preset over the defaults.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { nearestName } from "../schema/nearest_name.ts";
import { type Configuration, configurationSchema } from "./configuration.ts";
import type { Manifest } from "./manifest.ts";
import { validate } from "../schema/validate.ts";

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
 * The whole configuration: later parts win, option by option of the method too, and defaults fill what is left.
 *
 * @throws {TypeError} if a value is wrong or a name unknown, with all findings
 */
export function resolveConfiguration(...parts: readonly PartialConfiguration[]): Configuration {
  const options = Object.assign({}, ...parts.map((part) => part.options ?? {}));
  const merged = Object.assign({}, ...parts, { options });
  return validate<Configuration>(configurationSchema, merged, "start training", "configuration");
}
