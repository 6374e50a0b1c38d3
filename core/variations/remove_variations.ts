/**
 * Removing the variations of a folder, to begin anew.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { explainingFileErrors, systemCode } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { checkWithinFolder } from "../files/within_folder.ts";
import { manifestPaths, readManifests } from "./manifest.ts";
import { packedPaths } from "./packed_variations.ts";
import { settingsPath } from "./settings.ts";

/** Removes a file, or a link itself; nothing happens where there is none. */
async function removeFile(path: string): Promise<void> {
  try {
    await ifThere(Deno.remove(path));
  } catch (cause) {
    // Below a file, or by a name that no file can have, there is nothing.
    if (["ENOTDIR", "ENAMETOOLONG"].includes(systemCode(cause) ?? "")) return;
    await explainingFileErrors(`remove ${path}`, Promise.reject(cause));
  }
}

/**
 * Removes the variations that a folder's manifests name, the tars of variations, the manifests and the settings. Other files stay. Symbolic links
 * are removed, not followed.
 *
 * @param others further variations, which may exist without a line
 * @throws {GenviewError} before anything is removed, if links lead out of the folder; or if the system refuses
 */
export async function removeVariations(
  folder: string,
  others: Iterable<string> = [],
): Promise<void> {
  if (await ifThere(Deno.stat(folder)) === undefined) return;
  const paths = new Set(others);
  for await (const { path } of readManifests(folder)) paths.add(path);
  const places = [...paths].map((path) => dirname(join(folder, path)));
  await checkWithinFolder(folder, places, "remove the variations", "--output-prefix");
  for (const path of paths) await removeFile(join(folder, path));
  for (const path of await packedPaths(folder)) await removeFile(path);
  for (const path of await manifestPaths(folder)) await removeFile(path);
  await removeFile(settingsPath(folder));
}
