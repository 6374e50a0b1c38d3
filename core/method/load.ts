/**
 * Loading of methods: by name, or from the address of their manifest.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { GenviewTypeError } from "../errors/mod.ts";
import { nearestName } from "../schema/nearest_name.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import type { Method } from "./method.ts";
import { pluginError } from "./plugin_error.ts";

/** A method whose manifest has been checked. */
export type LoadedMethod = Method & {
  readonly manifest: Manifest;
  /**
   * What {@linkcode loadMethodByName} loads it again by: the name of a bundled method, or the address of a manifest;
   * absent from a method that was imported statically.
   */
  readonly address?: string;
};

/**
 * Checks a method that was imported statically.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import simsiam from "../../plugins/simsiam/mod.ts";
 * import { checkMethod } from "./load.ts";
 *
 * assertEquals(checkMethod(simsiam, "simsiam").manifest.title, "SimSiam");
 * ```
 *
 * @param source where it comes from, for errors
 * @throws {TypeError} if it has no valid manifest or no build function
 */
export function checkMethod(candidate: unknown, source: string): LoadedMethod {
  const { manifest, build } = (candidate ?? {}) as Partial<LoadedMethod>;
  if (typeof build !== "function") {
    throw new GenviewTypeError(
      `Cannot load plugin "${source}": its default export must be a method with a build function`,
    );
  }
  return { ...(candidate as LoadedMethod), manifest: parseManifest(manifest, source) };
}

/** The default export of a plugin's file. */
async function defaultExport(
  action: string,
  module: Promise<{ readonly default?: unknown }>,
): Promise<unknown> {
  try {
    return (await module).default;
  } catch (thrown) {
    throw pluginError(action, thrown);
  }
}

/**
 * Loads a plugin: reads its manifest, then imports the module that it names.
 *
 * @param manifestUrl address of `manifest.json`, a file's or on the web; needs the permission to import from there
 * @throws {TypeError} if either cannot be found, its manifest is wrong, or the module has another manifest's name; of
 * class {@linkcode PluginError}, with file and line, if its code has a fault
 */
export async function loadMethod(manifestUrl: URL): Promise<LoadedMethod> {
  const source = manifestUrl.href;
  const json = await defaultExport(
    `load plugin "${source}"`,
    import(source, { with: { type: "json" } }),
  );
  const manifest = parseManifest(json, source);
  const entry = new URL(manifest.entry, manifestUrl).href;
  const action = `load plugin "${manifest.name}" of ${source}`;
  const method = checkMethod(await defaultExport(action, import(entry)), entry);
  if (method.manifest.name !== manifest.name) {
    throw new GenviewTypeError(
      `Cannot load plugin "${source}": its module is the method "${method.manifest.name}", ` +
        `found "${manifest.name}" in the manifest`,
    );
  }
  return { ...method, address: source };
}

/**
 * Loads a method by the name of a bundled one, or by the path or address of a manifest.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bundledMethods } from "../../plugins/mod.ts";
 * import { loadMethodByName } from "./load.ts";
 *
 * const { manifest } = await loadMethodByName("simsiam", bundledMethods);
 * assertEquals(Object.keys(manifest.presets), ["imagenet", "cifar", "demo"]);
 * ```
 *
 * @param bundled addresses of manifests by the names that they can be loaded by, such as `bundledMethods`
 * @throws {TypeError} if there is none; of class {@linkcode PluginError}, with file and line, if its code has a fault
 */
export async function loadMethodByName(
  text: string,
  bundled: Readonly<Record<string, URL>>,
): Promise<LoadedMethod> {
  const manifest = Object.hasOwn(bundled, text) ? bundled[text] : undefined;
  if (manifest !== undefined) return { ...await loadMethod(manifest), address: text };
  if (URL.canParse(text) && /^(https?|file):/.test(text)) return await loadMethod(new URL(text));
  if (text.endsWith(".json")) return await loadMethod(pathToFileURL(text));
  const names = Object.keys(bundled);
  throw new GenviewTypeError(
    `Cannot load method "${text}": it must be the path or address of a manifest.json, or the name of a bundled ` +
      `method, the nearest is "${nearestName(text, names)}" (known are ${names.join(", ")})`,
  );
}
