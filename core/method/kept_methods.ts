/**
 * Plugins from the web, kept in a folder: what was fetched once stays as it is until it is asked for anew.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ifThere } from "../files/if_there.ts";
import { makeFolder, writeNewFile } from "../files/new_file.ts";
import { userCache } from "../files/user_cache.ts";
import { type MethodSources, readSources } from "./module_sources.ts";
import { fetchText, readText } from "./module_text.ts";

/** Where plugins from the web are kept: `genview/methods` in XDG_CACHE_HOME, or in `~/.cache`. */
export function methodCache(): string {
  return userCache("methods");
}

/** What is kept of a manifest's address. */
async function readKept(manifestUrl: URL, place: string): Promise<MethodSources | undefined> {
  const name = manifestUrl.pathname.split("/").at(-1)!;
  const file = pathToFileURL(join(place, name));
  if (await readText(file) === undefined) return undefined;
  return await readSources(file, readText);
}

/**
 * A plugin from the web: as it was kept, or fetched if it was not yet or is asked for anew. Nothing of it is run.
 *
 * @param options.reload whether it is fetched anew
 * @param options.cache folder in which it is kept
 * @throws {TypeError} if the manifest or a module is missing or wrong
 * @throws {GenviewError} if the server does not answer, or the system refuses
 */
export async function keepMethod(
  manifestUrl: URL,
  { reload, cache = methodCache() }: { readonly reload: boolean; readonly cache?: string },
): Promise<MethodSources> {
  const digest = createHash("sha256").update(manifestUrl.href).digest("hex");
  const address = join(cache, digest);
  const current = join(address, "current.json");
  const known = reload ? undefined : await ifThere(Deno.readTextFile(current));
  if (known !== undefined) {
    const kept = await readKept(manifestUrl, join(address, JSON.parse(known).sha256));
    if (kept !== undefined) return kept;
  }
  const sources = await readSources(manifestUrl, fetchText);
  const place = join(address, sources.sha256);
  for (const [path, text] of sources.files) {
    const file = join(place, path);
    await makeFolder(dirname(file));
    await writeNewFile(file, text, { overwrite: true });
  }
  const { sha256 } = sources;
  const description = JSON.stringify({ address: manifestUrl.href, sha256 }, null, 2) + "\n";
  await writeNewFile(current, description, { overwrite: true });
  return sources;
}
