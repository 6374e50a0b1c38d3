/**
 * Methods as tasks are given them: by the name of a bundled one, or by the address of a manifest.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import { pathToFileURL } from "node:url";
import { type LoadedMethod, loadMethod } from "../core/method/load.ts";
import { nearestName } from "../core/schema/nearest_name.ts";
import { bundledMethods } from "../plugins/mod.ts";

/**
 * Loads the method of a name, a path or an address.
 *
 * @throws {TypeError} if there is none
 */
export function methodOf(text: string): Promise<LoadedMethod> {
  const bundled = Object.hasOwn(bundledMethods, text) ? bundledMethods[text] : undefined;
  if (bundled !== undefined) return loadMethod(bundled);
  if (/^(https?|file):/.test(text)) return loadMethod(new URL(text));
  if (text.endsWith(".json")) return loadMethod(pathToFileURL(text));
  const names = Object.keys(bundledMethods);
  throw new GenviewTypeError(
    `Cannot load method "${text}": it must be the address of a manifest.json or the name of a bundled ` +
      `method, the nearest is "${nearestName(text, names)}" (known are ${names.join(", ")})`,
  );
}
