/**
 * Removing the variations of a folder, to begin anew.
 *
 * @module
 */
import { join } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { manifestPaths, readManifests } from "./manifest.ts";
import { settingsPath } from "./settings.ts";

/**
 * Removes the variations that a folder's manifests name, the manifests and the settings. Other files stay.
 *
 * @param others further variations, which may exist without a line
 * @throws {GenviewError} if the system refuses
 */
export async function removeVariations(folder: string, others: Iterable<string>): Promise<void> {
  if (await ifThere(Deno.stat(folder)) === undefined) return;
  const remove = (path: string) =>
    explainingFileErrors(`remove ${path}`, ifThere(Deno.remove(path)));
  for await (const { path } of readManifests(folder)) await remove(join(folder, path));
  for (const path of others) await remove(join(folder, path));
  for (const path of await manifestPaths(folder)) await remove(path);
  await remove(settingsPath(folder));
}
