/**
 * Loading of plugins from the address of their manifest.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import type { Method } from "./method.ts";

/** A method whose manifest has been checked. */
export type LoadedMethod = Method & { readonly manifest: Manifest };

/**
 * Checks a method that was imported statically.
 *
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

/**
 * Loads a plugin: reads its manifest, then imports the module that it names.
 *
 * @param manifestUrl address of `manifest.json`, a file's or on the web; needs the permission to import from there
 * @throws {TypeError} if either cannot be had, its manifest is wrong, or the module has another manifest's name
 */
export async function loadMethod(manifestUrl: URL): Promise<LoadedMethod> {
  const source = manifestUrl.href;
  const had = async (module: Promise<{ readonly default?: unknown }>): Promise<unknown> => {
    try {
      return (await module).default;
    } catch (cause) {
      throw new GenviewTypeError(`Cannot load plugin "${source}": ${(cause as Error).message}`, {
        cause,
      });
    }
  };
  const manifest = parseManifest(await had(import(source, { with: { type: "json" } })), source);
  const entry = new URL(manifest.entry, manifestUrl).href;
  const method = checkMethod(await had(import(entry)), entry);
  if (method.manifest.name !== manifest.name) {
    throw new GenviewTypeError(
      `Cannot load plugin "${source}": its module is the method "${method.manifest.name}", ` +
        `found "${manifest.name}" in the manifest`,
    );
  }
  return method;
}
