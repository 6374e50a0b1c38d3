/**
 * Files of folders that may be anybody's, by paths below the studio's root.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors, systemCode } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { isWithin } from "../files/within_folder.ts";
import type { StudioContext } from "./studio_context.ts";

/** What systems answer where a path cannot lead anywhere. */
const NOWHERE: readonly (string | undefined)[] = [
  "ENOENT",
  "ENOTDIR",
  "ENAMETOOLONG",
  "ELOOP",
  "EINVAL",
];

/** Whether an error says that a path leads nowhere. */
export function leadsNowhere(cause: unknown): boolean {
  return cause instanceof Deno.errors.NotFound || NOWHERE.includes(systemCode(cause));
}

/** A path without symbolic links; undefined where there is nothing. */
export async function realPathOf(path: string): Promise<string | undefined> {
  // No system has such a path, and not all say so alike.
  if (path.includes("\0")) return undefined;
  try {
    return await Deno.realPath(path);
  } catch (cause) {
    if (leadsNowhere(cause)) return undefined;
    throw cause;
  }
}

/** The folders whose files the studio may read. */
export type ReadFolders = Pick<StudioContext, "root" | "dataFolders">;

/** Whether a real path lies below the studio's root or below a folder that its user has named beside it. */
export function isAllowed(real: string, { root, dataFolders = [] }: ReadFolders): boolean {
  return [root, ...dataFolders].some((folder) => isWithin(folder, real));
}

/**
 * Whether there is something at a path that the studio may read, links followed.
 *
 * @throws {TypeError} if it lies elsewhere
 */
export async function isReadable(path: string, folders: ReadFolders): Promise<boolean> {
  const real = await realPathOf(path);
  if (real === undefined) return false;
  if (isAllowed(real, folders)) return true;
  throw new GenviewTypeError(
    `Cannot read ${path}: it must lie below the studio's root or a folder that was named beside it, found it elsewhere; ` +
      "name its folder by --data, or start the studio at a folder that holds both",
  );
}

/** A path below a folder as one below the studio's root, which may be the folder itself. */
export function below(folder: string, path: string): string {
  return folder === "." ? path : `${folder}/${path}`;
}

/**
 * The real path of a plain file below the root; undefined if there is nothing. Opening a pipe would wait for ever.
 *
 * @throws {TypeError} if it is something else, or a link leads out of the root
 */
export async function plainFile(
  context: Pick<StudioContext, "resolve">,
  path: string,
): Promise<string | undefined> {
  const real = await ifThere(context.resolve(path));
  if (real === undefined) return undefined;
  const { isFile } = await explainingFileErrors(`read ${path}`, Deno.stat(real));
  if (isFile) return real;
  throw new GenviewTypeError(`Cannot read ${path}: it must be a plain file, found something else`);
}

/**
 * What is in a folder below the root; nothing where there is none.
 *
 * @throws {TypeError} if a link leads out of the root
 */
export async function entriesOf(
  context: Pick<StudioContext, "resolve">,
  path: string,
): Promise<Deno.DirEntry[]> {
  const real = await ifThere(context.resolve(path));
  if (real === undefined) return [];
  const listing = ifThere(Array.fromAsync(Deno.readDir(real)));
  return await explainingFileErrors(`list ${path}`, listing) ?? [];
}
