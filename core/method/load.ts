/**
 * Loading of methods: by name, or from the address of their manifest. No code of a method's runs here.
 *
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { GenviewTypeError } from "../errors/mod.ts";
import { nearestName } from "../schema/nearest_name.ts";
import { keepMethod } from "./kept_methods.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import type { Method } from "./method.ts";
import { readSources } from "./module_sources.ts";
import { readerOf, readText } from "./module_text.ts";

/** A method that the caller's own code has imported, and whose manifest has been checked. */
export type LoadedMethod = Method & { readonly manifest: Manifest };

/** A method that is known by its manifest: its code runs in a worker that may do nothing else. */
export interface MethodAtAddress {
  /** What is known of it before any of its code runs. */
  readonly manifest: Manifest;
  /** What {@linkcode loadMethodByName} loads it again by: the name of a bundled method, or the address of a manifest. */
  readonly address: string;
  /** Where its module lies. */
  readonly entry: URL;
  /** Its folder, a file's or on the web. */
  readonly origin: URL;
  /** Texts of its manifest and modules by their paths within its folder; of a bundled one from the web Deno has them. */
  readonly modules?: ReadonlyMap<string, string>;
  /** SHA-256 of its manifest and modules; of a bundled one from the web it is not known. */
  readonly sha256?: string;
}

/** A method that can be trained. */
export type TrainableMethod = LoadedMethod | MethodAtAddress;

/** How methods are loaded. */
export interface LoadMethodOptions {
  /** Whether a method from the web is fetched anew, rather than taken as it was kept. */
  readonly reload?: boolean;
  /** Folder in which methods from the web are kept (default `genview/methods` in XDG_CACHE_HOME, or in `~/.cache`). */
  readonly cache?: string;
}

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

/**
 * Loads a method: reads its manifest and the text of its modules, of which nothing runs. A method from the web is fetched
 * once and kept, without a trace in a lock file.
 *
 * @param manifestUrl address of `manifest.json`, a file's or on the web; needs the permission to read or fetch it
 * @throws {TypeError} if its manifest or a module is missing or wrong, or a module imports what is not the method's own
 * @throws {GenviewError} if a server does not answer, or the system refuses
 */
export async function loadMethod(
  manifestUrl: URL,
  { reload = false, cache }: LoadMethodOptions = {},
): Promise<MethodAtAddress> {
  const origin = new URL("./", manifestUrl);
  const { manifest, sha256, files } = manifestUrl.protocol === "file:"
    ? await readSources(manifestUrl, await readerOf(origin))
    : await keepMethod(manifestUrl, { reload, ...(cache !== undefined && { cache }) });
  const entry = new URL(manifest.entry, origin);
  return { manifest, address: manifestUrl.href, entry, origin, sha256, modules: files };
}

/** Loads a bundled method, which comes with this library's own code from wherever that is. */
async function loadBundled(name: string, manifestUrl: URL): Promise<MethodAtAddress> {
  if (manifestUrl.protocol === "file:") return { ...await loadMethod(manifestUrl), address: name };
  const { default: json } = await import(manifestUrl.href, { with: { type: "json" } });
  const manifest = parseManifest(json, manifestUrl.href);
  const origin = new URL("./", manifestUrl);
  return { manifest, address: name, entry: new URL(manifest.entry, origin), origin };
}

/** The manifest that a path or an address leads to, which may be that of its folder; undefined for plain names. */
async function manifestAddress(text: string): Promise<URL | undefined> {
  if (URL.canParse(text) && /^(https?|file):/.test(text)) {
    return new URL(text.endsWith(".json") ? text : `${text.replace(/\/$/, "")}/manifest.json`);
  }
  if (text.endsWith(".json")) return pathToFileURL(text);
  if (!/[\\/]/.test(text)) {
    const manifest = pathToFileURL(join(text, "manifest.json"));
    return await readText(manifest) === undefined ? undefined : manifest;
  }
  return pathToFileURL(join(text, "manifest.json"));
}

/**
 * Loads a method by the name of a bundled one, or by the path or address of its folder or manifest.
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
 * @throws {TypeError} if there is none, its manifest is wrong, or a module is missing or imports what is not its own
 * @throws {GenviewError} if a server does not answer, or the system refuses
 */
export async function loadMethodByName(
  text: string,
  bundled: Readonly<Record<string, URL>>,
  options: LoadMethodOptions = {},
): Promise<MethodAtAddress> {
  const manifest = Object.hasOwn(bundled, text) ? bundled[text] : undefined;
  if (manifest !== undefined) return await loadBundled(text, manifest);
  const address = await manifestAddress(text);
  if (address !== undefined) return await loadMethod(address, options);
  const names = Object.keys(bundled);
  throw new GenviewTypeError(
    `Cannot load method "${text}": it must be the path or address of a method's folder or manifest.json, or the name ` +
      `of a bundled method, the nearest is "${nearestName(text, names)}" (known are ${
        names.join(", ")
      })`,
  );
}
