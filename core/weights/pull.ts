/**
 * Files of a repository on the Hugging Face hub, or of a mirror, brought into the hub's cache.
 *
 * @module
 */
import { GenviewError, GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { HubApiError, modelInfo, type PathInfo, pathsInfo } from "../deps/hub.ts";
import { type Checksum, checksumOf } from "../files/checksum.ts";
import { downloadFile, type DownloadOptions } from "./download.ts";
import { type HubRevision, isCommit, RepositoryCache } from "./hub_cache.ts";
import { NetworkError, patientFetch } from "./patient_fetch.ts";

/** A file that is wanted, under the names that it may have, the best first. */
export type WantedFile = readonly string[];

/** Where files come from and go to. */
export interface PullOptions extends Omit<DownloadOptions, "onProgress"> {
  /** Folder of the cache. */
  readonly cache: string;
  /** Address of the hub or of a mirror, such as `https://huggingface.co`. */
  readonly endpoint: string;
  /** Called with the bytes of a file that have arrived, and its size. */
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

/** Asks the hub; what goes wrong is said in one line with what was asked. */
async function ask<T>(
  question: string,
  { timeout, signal }: PullOptions,
  answer: (patient: typeof fetch) => Promise<T>,
): Promise<T> {
  try {
    return await answer(patientFetch({ signal, ...(timeout !== undefined && { timeout }) }));
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    if (cause instanceof NetworkError) {
      throw new GenviewError(
        `Cannot ${question}: ${cause.message}; check the network, or name a mirror by --endpoint or HF_ENDPOINT`,
        { cause },
      );
    }
    const { message } = cause as Error;
    if (cause instanceof HubApiError) {
      throw new GenviewTypeError(`Cannot ${question}: ${message}${hintFor(cause.statusCode)}`, {
        cause,
      });
    }
    throw malformed(question, message, cause);
  }
}

/** What the hub should never answer: the page of a proxy or of another server, in place of its JSON. */
function malformed(question: string, found: string, cause?: unknown): GenviewSyntaxError {
  return new GenviewSyntaxError(
    `Cannot ${question}: it must answer as the Hugging Face hub does, found: ${
      found.slice(0, 160).replaceAll("\n", " ")
    }; check --endpoint and HF_ENDPOINT, or whether a proxy answers in its place`,
    { cause },
  );
}

async function currentCommit(
  { repository, revision }: HubRevision,
  options: PullOptions,
): Promise<string> {
  if (isCommit(revision)) return revision;
  const { endpoint, token } = options;
  const question = `find revision "${revision}" of ${repository} at ${endpoint}`;
  const { sha } = await ask(question, options, (fetch) =>
    modelInfo({
      name: repository,
      revision,
      hubUrl: endpoint,
      additionalFields: ["sha"],
      fetch,
      ...(token ? { accessToken: token } : {}),
    }));
  if (typeof sha !== "string") throw malformed(question, "no commit");
  return checksumOf("git-sha1", sha, question).digits;
}

/** The hub's descriptions of those files that it has. */
async function describeFiles(
  { repository }: HubRevision,
  commit: string,
  paths: readonly string[],
  options: PullOptions,
): Promise<PathInfo[]> {
  const { endpoint, token } = options;
  const question = `list ${repository} at ${endpoint}`;
  const found = await ask(question, options, (fetch) =>
    pathsInfo({
      repo: repository,
      paths: [...paths],
      revision: commit,
      hubUrl: endpoint,
      fetch,
      ...(token ? { accessToken: token } : {}),
    }));
  for (const { path, type, size, lfs, oid } of found) {
    if (type !== "file") continue;
    const digits = lfs === undefined ? oid : lfs?.oid;
    const whole = typeof path === "string" && Number.isSafeInteger(size) && size >= 0 &&
      typeof digits === "string";
    if (!whole) throw malformed(question, `a file without path, size or checksum`);
  }
  return found;
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

/** A file that the cache lacks, as the hub describes it. */
export interface FileToPull {
  /** Its path in the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Says what {@linkcode pullFiles} would fetch: asks the hub how large those files are that the cache lacks, and fetches
 * none. The hub is not asked where the cache has all.
 *
 * @throws {TypeError} if the hub refuses, or has no such file
 * @throws {GenviewError} if it does not answer
 * @throws {SyntaxError} if its answers are malformed
 */
export async function filesToPull(
  source: HubRevision,
  wanted: readonly WantedFile[],
  options: PullOptions,
): Promise<FileToPull[]> {
  const there = await findPulled(source, wanted, options.cache);
  const missing = wanted.filter((_, i) => there[i] === undefined);
  if (missing.length === 0) return [];
  const commit = await currentCommit(source, options);
  const found = await describeFiles(source, commit, missing.flat(), options);
  return choose(missing, found, source).map(({ path, size }) => ({ path, size }));
}

/**
 * Brings files into the hub's cache. What is there is not fetched again, and what has broken off is resumed. Each file is
 * checked: large ones by the SHA-256 that the hub keeps, others by git's SHA-1. The revision's name is set once all are
 * there.
 *
 * @param wanted each under the names that it may have; the first that the repository has is taken
 * @returns the files, in the order of `wanted`
 * @throws {TypeError} if the hub refuses, or has no such file
 * @throws {GenviewError} if it does not answer
 * @throws {SyntaxError} if its answers are malformed, or a file has another checksum than it says
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
  const found = await describeFiles(source, commit, wanted.flat(), options);
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
