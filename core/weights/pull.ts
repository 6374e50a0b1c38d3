/**
 * Files of a repository on the Hugging Face hub, or of a mirror, brought into the hub's cache.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { HubApiError, modelInfo, type PathInfo, pathsInfo } from "../deps/hub.ts";
import { type Checksum, checksumOf } from "../files/checksum.ts";
import { downloadFile, type DownloadOptions } from "./download.ts";
import { type HubRevision, isCommit, RepositoryCache } from "./hub_cache.ts";

/** A file that is wanted, under the names that it may have, the best first. */
export type WantedFile = readonly string[];

/** Where files come from and go to. */
export interface PullOptions extends Omit<DownloadOptions, "onProgress"> {
  /** Folder of the cache. */
  readonly cache: string;
  /** Address of the hub or of a mirror, such as `https://huggingface.co`. */
  readonly endpoint: string;
  /** Told how many bytes of a file are there. */
  readonly onProgress?: (path: string, received: number, size: number) => void;
}

/** A file of a repository, on this machine. */
export interface FoundFile {
  /** Its path in the repository. */
  readonly path: string;
  /** Where it lies. */
  readonly file: string;
}

/** A file in the cache, as the hub describes it. */
export interface PulledFile extends FoundFile {
  /** Bytes. */
  readonly size: number;
  /** What its bytes must sum up to. */
  readonly checksum: Checksum;
}

function hintFor(status: number): string {
  if (status === 401 || status === 403 || status === 404) {
    return "; it may have moved (repositories and revisions are configuration) or ask for a token " +
      "(set HF_TOKEN)";
  }
  return "";
}

/** Asks the hub; what it answers wrongly is said with what was asked. */
async function ask<T>(question: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    const status = cause instanceof HubApiError ? cause.statusCode : undefined;
    if (status === undefined && !(cause instanceof TypeError)) throw cause;
    const hint = status === undefined ? "" : hintFor(status);
    throw new GenviewTypeError(`Cannot ${question}: ${(cause as Error).message}${hint}`, { cause });
  }
}

async function currentCommit(
  { repository, revision }: HubRevision,
  { endpoint, token }: PullOptions,
): Promise<string> {
  if (isCommit(revision)) return revision;
  const question = `find revision "${revision}" of ${repository} at ${endpoint}`;
  const { sha } = await ask(
    question,
    modelInfo({
      name: repository,
      revision,
      hubUrl: endpoint,
      additionalFields: ["sha"],
      ...(token ? { accessToken: token } : {}),
    }),
  );
  return checksumOf("git-sha1", sha ?? "", question).digits;
}

function checksumOfFile({ path, lfs, oid }: PathInfo, repository: string): Checksum {
  const action = `pull ${path} of ${repository}`;
  return lfs ? checksumOf("sha256", lfs.oid, action) : checksumOf("git-sha1", oid ?? "", action);
}

/** Of each wanted file the best name that the repository has. */
function choose(
  wanted: readonly WantedFile[],
  found: readonly PathInfo[],
  { repository, revision }: HubRevision,
): PathInfo[] {
  const byPath = new Map(found.filter(({ type }) => type === "file").map((it) => [it.path, it]));
  return wanted.map((names) => {
    const name = names.find((candidate) => byPath.has(candidate));
    if (name !== undefined) return byPath.get(name)!;
    throw new GenviewTypeError(
      `Cannot pull ${
        names.join(" or ")
      }: ${repository} at revision "${revision}" has no such file; ` +
        "repositories, revisions and paths are configuration",
    );
  });
}

function fileUrl(endpoint: string, repository: string, commit: string, path: string): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${endpoint}/${repository}/resolve/${commit}/${encoded}`;
}

/**
 * Brings files into the hub's cache. What is there is not fetched again, and what has broken off goes on. Each file is
 * checked: large ones by the SHA-256 that the hub keeps, others by git's SHA-1. The revision's name is set once all are
 * there.
 *
 * @param wanted each under the names that it may have; the first that the repository has is taken
 * @returns the files, in the order of `wanted`
 * @throws {TypeError} if the hub refuses, does not answer, or has no such file
 * @throws {SyntaxError} if the bytes of a file do not come to its checksum
 */
export async function pullFiles(
  source: HubRevision,
  wanted: readonly WantedFile[],
  options: PullOptions,
): Promise<PulledFile[]> {
  const { repository, revision } = source;
  const { token, endpoint, onProgress, ...download } = options;
  const cache = new RepositoryCache(options.cache, repository);
  const commit = await currentCommit(source, options);
  const found = await ask(
    `list ${repository} at ${endpoint}`,
    pathsInfo({
      repo: repository,
      paths: wanted.flat(),
      revision: commit,
      hubUrl: endpoint,
      ...(token ? { accessToken: token } : {}),
    }),
  );
  const pulled: PulledFile[] = [];
  for (const info of choose(wanted, found, source)) {
    const { path, size } = info;
    const checksum = checksumOfFile(info, repository);
    const blob = cache.blob(checksum.digits);
    const url = fileUrl(endpoint, repository, commit, path);
    await downloadFile({ url, size, checksum, path: blob }, {
      ...download,
      ...(token ? { token } : {}),
      onProgress: (received) => onProgress?.(path, received, size),
    });
    const file = await cache.link(commit, path, checksum.digits);
    pulled.push({ path, file, size, checksum });
  }
  await cache.setCommit(revision, commit);
  return pulled;
}

/**
 * Finds files in the hub's cache without asking the hub.
 *
 * @param wanted each under the names that it may have
 * @returns for each its name in the repository and its place, or undefined if it has not been pulled
 */
export async function findPulled(
  { repository, revision }: HubRevision,
  wanted: readonly WantedFile[],
  cacheFolder: string,
): Promise<(FoundFile | undefined)[]> {
  const cache = new RepositoryCache(cacheFolder, repository);
  return await Promise.all(wanted.map(async (names) => {
    for (const path of names) {
      const file = await cache.find(revision, path);
      if (file !== undefined) return { path, file };
    }
    return undefined;
  }));
}
