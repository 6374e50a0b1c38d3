/**
 * Removing the variations of a folder, to begin anew.
 *
 * @module
 */
import { GenviewError } from "../errors/mod.ts";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { explainingFileErrors, systemCode } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { manifestPaths, readManifests } from "./manifest.ts";
import { settingsPath } from "./settings.ts";

/** Whether a path lies in a folder, both without symbolic links. */
function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Refuses variations that symbolic links lead out of the folder for; a link in a variation's own place is no danger. */
async function checkWithin(folder: string, paths: ReadonlySet<string>): Promise<void> {
  const real = await explainingFileErrors(`read ${folder}`, Deno.realPath(folder));
  const folders = new Set([...paths].map((path) => dirname(join(folder, path))));
  for (const place of folders) {
    const found = await explainingFileErrors(`read ${place}`, realPathIfThere(place));
    if (found === undefined || isWithin(real, found)) continue;
    throw new GenviewError(
      `Cannot remove the variations in ${place}: a symbolic link leads out of ${folder}, to ${found}; ` +
        "remove the link, or choose another --output-prefix",
    );
  }
}

/** A path without symbolic links; undefined if it does not exist, or passes through a file or a link to nowhere. */
async function realPathIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

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
 * Removes the variations that a folder's manifests name, the manifests and the settings. Other files stay. Symbolic links
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
  await checkWithin(folder, paths);
  for (const path of paths) await removeFile(join(folder, path));
  for (const path of await manifestPaths(folder)) await removeFile(path);
  await removeFile(settingsPath(folder));
}
