/**
 * The hub's cache on disk, as its own libraries lay it out: `models--OWNER--NAME/` with `blobs/` (files by checksum),
 * `snapshots/COMMIT/PATH` (links to them) and `refs/REVISION` (which commit a branch or tag was).
 *
 * {@link https://huggingface.co/docs/huggingface_hub/guides/manage-cache | The layout}
 *
 * @module
 */
import { GenviewAlreadyExists, GenviewTypeError } from "../errors/mod.ts";
import { dirname, join, relative } from "node:path";
import { getHFHubCachePath, getRepoFolderName } from "../deps/hub.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { makeFolder, writeNewFileInFolder } from "../files/new_file.ts";

/** A state of a repository. */
export interface HubRevision {
  /** Owner and name, such as `laion/CLIP-ViT-H-14-laion2B-s32B-b79K`. */
  readonly repository: string;
  /** Branch, tag, or commit. */
  readonly revision: string;
}

/** The folder that the environment names: HF_HUB_CACHE, or `hub` in HF_HOME, or `~/.cache/huggingface/hub`. */
export function defaultHubCache(): string {
  return getHFHubCachePath();
}

/** Whether a revision is a commit, which never changes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/**
 * Checks what becomes a path in the cache.
 *
 * @throws {TypeError} if it would lead out of its folder
 */
export function checkRelativePath(path: string, what: string): void {
  const parts = path.split("/");
  const plain = parts.every((part) => part !== "" && part !== "." && part !== "..");
  if (plain && !/[\\\0:]/.test(path)) return;
  throw new GenviewTypeError(
    `Cannot use the ${what} "${path}": it must be a path within its folder, such as "a/b.json"`,
  );
}

/** The cache of one repository. */
export class RepositoryCache {
  /** The repository's own folder. */
  readonly folder: string;

  /**
   * Names the cache of a repository.
   *
   * @param cache the cache's folder, such as {@linkcode defaultHubCache} gives
   * @throws {TypeError} if the repository's name is not of the form `OWNER/NAME`
   */
  constructor(cache: string, repository: string) {
    if (!/^[\w.-]+\/[\w.-]+$/.test(repository) || /(^|\/)\.\.?(\/|$)/.test(repository)) {
      throw new GenviewTypeError(
        `Cannot use the repository "${repository}": it must be named as OWNER/NAME`,
      );
    }
    this.folder = join(cache, getRepoFolderName({ name: repository, type: "model" }));
  }

  /** Where the file of a checksum lies. */
  blob(digits: string): string {
    return join(this.folder, "blobs", digits);
  }

  /** Where a file of a commit lies. */
  snapshot(commit: string, path: string): string {
    checkRelativePath(path, "path");
    return join(this.folder, "snapshots", commit, path);
  }

  #ref(revision: string): string {
    checkRelativePath(revision, "revision");
    return join(this.folder, "refs", revision);
  }

  /** The commit that a revision was when it was last pulled; undefined if it never was. */
  async commit(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    const commit = (await ifThere(Deno.readTextFile(this.#ref(revision))))?.trim();
    return commit !== undefined && isCommit(commit) ? commit : undefined;
  }

  /** Remembers which commit a revision is. */
  async setCommit(revision: string, commit: string): Promise<void> {
    if (isCommit(revision)) return;
    await writeNewFileInFolder(this.#ref(revision), commit, { overwrite: true });
  }

  /** Where a file of a revision lies if it has been pulled. */
  async find(revision: string, path: string): Promise<string | undefined> {
    const commit = await this.commit(revision);
    if (commit === undefined) return undefined;
    const file = this.snapshot(commit, path);
    return await ifThere(Deno.stat(file)) === undefined ? undefined : file;
  }

  /**
   * Gives a blob its name in a commit.
   *
   * @throws {Deno.errors.AlreadyExists} if the commit has another file of that name
   */
  async link(commit: string, path: string, digits: string): Promise<string> {
    const file = this.snapshot(commit, path);
    const blob = this.blob(digits);
    await makeFolder(dirname(file));
    const there = await ifThere(Deno.realPath(file));
    if (there === await Deno.realPath(blob)) return file;
    if (there !== undefined) {
      throw new GenviewAlreadyExists(
        `Cannot add ${path} to ${
          dirname(file)
        }: the name must be free, found another file; remove ` +
          "it or name another revision",
      );
    }
    // A link to nothing, of a blob that someone has removed.
    await ifThere(Deno.remove(file));
    await explainingFileErrors(
      `write ${file}`,
      linkOrCopy(relative(dirname(file), blob), file, blob),
    );
    return file;
  }
}

/** Links by name; where the system does not let us (Windows, without the right to), copies. */
async function linkOrCopy(target: string, file: string, blob: string): Promise<void> {
  try {
    await Deno.symlink(target, file);
  } catch (error) {
    if (Deno.build.os !== "windows") throw error;
    const temporary = `${file}.${crypto.randomUUID()}.tmp`;
    await Deno.copyFile(blob, temporary);
    await Deno.rename(temporary, file);
  }
}
