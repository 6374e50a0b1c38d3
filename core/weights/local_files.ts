/**
 * Files that are on this machine already, in place of the hub's.
 *
 * @module
 */
import { GenviewTypeError, inContext } from "../errors/mod.ts";
import { createHash } from "node:crypto";
import { basename, dirname, extname, join } from "node:path";
import { addFile } from "../files/checksum.ts";
import { type HubRevision, RepositoryCache } from "./hub_cache.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { makeFolder } from "../files/new_file.ts";
import { openRandomAccess } from "../files/random_access.ts";
import { refuseOtherFiles } from "./other_files.ts";
import type { FoundFile, WantedFile } from "./pull.ts";

/**
 * The name that a single file stands for: its own, or that of the same format.
 *
 * @throws {TypeError} if it has none of the names, nor a format of theirs
 */
function nameOfFile(from: string, names: WantedFile): string {
  const own = names.find((name) => basename(name) === basename(from));
  const name = own ?? names.find((candidate) => extname(candidate) === extname(from));
  if (name !== undefined) return name;
  throw new GenviewTypeError(
    `Cannot use ${from}: it must be named ${names.join(" or ")}, or be of such a format`,
  );
}

/**
 * Finds wanted files in a folder that is laid out as the repository is; a file will do where one is wanted.
 *
 * @param wanted each under the names that it may have
 * @throws {TypeError} if one is not there; all that are missing are listed
 */
export async function findLocal(
  from: string,
  wanted: readonly WantedFile[],
): Promise<FoundFile[]> {
  const { isFile } = await explainingFileErrors(`use ${from}`, Deno.stat(from));
  if (isFile) {
    if (wanted.length !== 1) {
      throw new GenviewTypeError(
        `Cannot use ${from}: ${wanted.length} files are wanted, so it must be a folder, found a file`,
      );
    }
    return [{ path: nameOfFile(from, wanted[0]!), file: from }];
  }
  const found: FoundFile[] = [];
  const missing: string[] = [];
  for (const names of wanted) {
    const files = await Promise.all(names.map((name) => ifThere(Deno.stat(join(from, name)))));
    const path = names.find((_, i) => files[i]?.isFile);
    if (path === undefined) missing.push(names.join(" or "));
    else found.push({ path, file: join(from, path) });
  }
  if (missing.length === 0) return found;
  throw new GenviewTypeError(`Cannot use ${from}: it must hold ${missing.join(", ")}, found none`);
}

async function sha256Of(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  await addFile(hash, file);
  return hash.digest("hex");
}

/** Refuses a text in place of weights, such as a Git LFS pointer. */
async function checkWeights({ path, file }: FoundFile): Promise<void> {
  if (!/\.(safetensors|bin|pth|pt)$/.test(path)) return;
  using source = await openRandomAccess(file);
  try {
    await refuseOtherFiles(source);
  } catch (cause) {
    throw inContext(`use ${file}`, cause);
  }
}

/** Puts a file among the blobs: as another name of it where the disk is the same, as a copy elsewhere. */
async function addBlob(file: string, blob: string): Promise<void> {
  if (await ifThere(Deno.stat(blob)) !== undefined) return;
  await makeFolder(dirname(blob));
  const temporary = `${blob}.${crypto.randomUUID()}.tmp`;
  const original = await Deno.realPath(file);
  try {
    await Deno.link(original, temporary);
  } catch {
    // Another disk, or one that knows no links; if a copy fails as well, that is the error.
    await Deno.copyFile(original, temporary);
  }
  await Deno.rename(temporary, blob);
}

/** A commit's name for files that come from no commit, by what they are. */
function inventCommit(files: readonly (FoundFile & { readonly digits: string })[]): string {
  const hash = createHash("sha1");
  for (const { path, digits } of files) hash.update(`${path}\0${digits}\n`);
  return hash.digest("hex");
}

/**
 * Adds local files to the hub's cache, under the revision that is configured, so that they are found as pulled ones
 * are. A later pull brings the repository's own and leaves these under a commit of their own.
 *
 * @throws {SyntaxError} if a file of weights is a Git LFS pointer or a page
 * @throws {Deno.errors.AlreadyExists} if the revision has been pulled and has other files of these names
 */
export async function importFiles(
  { repository, revision }: HubRevision,
  files: readonly FoundFile[],
  cacheFolder: string,
): Promise<FoundFile[]> {
  const cache = new RepositoryCache(cacheFolder, repository);
  const hashed: (FoundFile & { readonly digits: string })[] = [];
  for (const found of files) {
    await checkWeights(found);
    const digits = await explainingFileErrors(`read ${found.file}`, sha256Of(found.file));
    hashed.push({ ...found, digits });
  }
  const commit = await cache.commit(revision) ?? inventCommit(hashed);
  const imported: FoundFile[] = [];
  for (const { path, file, digits } of hashed) {
    const there = await cache.find(commit, path);
    if (there !== undefined && await sha256Of(there) === digits) {
      imported.push({ path, file: there });
      continue;
    }
    await explainingFileErrors(`copy ${file} to ${cacheFolder}`, addBlob(file, cache.blob(digits)));
    imported.push({ path, file: await cache.link(commit, path, digits) });
  }
  await cache.setCommit(revision, commit);
  return imported;
}
