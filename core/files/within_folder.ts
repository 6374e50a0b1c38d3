/**
 * Folders that symbolic links lead out of.
 *
 * @module
 */
import { isAbsolute, relative, sep } from "node:path";
import { GenviewError } from "../errors/mod.ts";
import { fileError, systemCode } from "./file_error.ts";

/** Whether a path is a folder or lies in it, both without symbolic links. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** A path without symbolic links; undefined if it does not exist, or passes through a file or a link to nowhere. */
async function realPathIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(systemCode(cause) ?? "")) return undefined;
    throw fileError(`read ${path}`, cause);
  }
}

/**
 * Refuses folders that symbolic links lead out of an output folder for: whoever removes or replaces files there would
 * remove or replace those of others. The output folder may be a link itself, since it was named.
 *
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { checkWithinFolder } from "./within_folder.ts";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.mkdir(`${root}/output`);
 * await Deno.mkdir(`${root}/mine`);
 * await Deno.symlink(`${root}/mine`, `${root}/output/link`);
 * await assertRejects(
 *   () => checkWithinFolder(`${root}/output`, [`${root}/output/link`], "replace files", "--output-dir"),
 *   Error,
 *   "a symbolic link leads out of",
 * );
 * await Deno.remove(root, { recursive: true });
 * ```
 *
 * @param places folders below the output folder; those that do not exist are taken as they are
 * @param action what cannot be done in them, such as `replace files`
 * @param option that names the output folder
 * @throws {GenviewError} if a link leads out of it, or the system refuses
 */
export async function checkWithinFolder(
  folder: string,
  places: Iterable<string>,
  action: string,
  option: string,
): Promise<void> {
  const real = await realPathIfThere(folder);
  if (real === undefined) return;
  for (const place of new Set(places)) {
    const found = await realPathIfThere(place);
    if (found === undefined || isWithin(real, found)) continue;
    throw new GenviewError(
      `Cannot ${action} in ${place}: a symbolic link leads out of ${folder}, to ${found}; remove the link, or choose ` +
        `another ${option}`,
    );
  }
}
