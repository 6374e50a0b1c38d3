/**
 * Downloads that resume where they broke off, and whose bytes are checked before they get their name.
 *
 * @module
 */
import { GenviewError, GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import type { Hash } from "node:crypto";
import { dirname } from "node:path";
import { addFile, type Checksum, startChecksum } from "../files/checksum.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { writeAll } from "../files/new_file.ts";
import { NetworkError, patientFetch } from "./patient_fetch.ts";

/** How a download reports, is stopped and is tried again. */
export interface DownloadOptions {
  /** Access token of the server, for the address alone that the download begins at. */
  readonly token?: string;
  /** Called with the bytes that have arrived, after every piece. */
  readonly onProgress?: (received: number) => void;
  /** Ends the download; what has come is kept. */
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte after which a try has failed (default 30,000). */
  readonly timeout?: number;
  /** Tries that may fail one after the other without a byte having come (default 5). */
  readonly attempts?: number;
  /** Milliseconds before the first try after a failure, which double with every further one (default 1000). */
  readonly retryDelay?: number;
}

/** A file to download. */
export interface Download {
  /** Its address. */
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  /** What its bytes must sum up to; only their number is checked when it is left out. */
  readonly checksum?: Checksum;
  /** Where it is to lie; until it is whole and checked it lies beside that, with `.incomplete` behind its name. */
  readonly path: string;
}

const MAX_RETRY_DELAY = 30_000;

function startOf({ checksum, size }: Download): Hash {
  return startChecksum(checksum?.algorithm ?? "sha256", size);
}

/** A file that is being filled, and the checksum of what is in it. */
class PartialFile {
  readonly #file: Deno.FsFile;
  readonly #download: Download;
  #hash: Hash;
  /** Bytes that are there. */
  length = 0;

  constructor(file: Deno.FsFile, download: Download) {
    this.#file = file;
    this.#download = download;
    this.#hash = startOf(download);
  }

  /** Takes over what an earlier download has left. */
  async resume(): Promise<void> {
    if ((await this.#file.stat()).size > this.#download.size) return await this.clear();
    this.length = await addFile(this.#hash, this.#file);
  }

  async clear(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
    this.#hash = startOf(this.#download);
    this.length = 0;
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.length + bytes.length > this.#download.size) {
      throw new GenviewSyntaxError(
        `Cannot download ${this.#download.url}: it must have ${this.#download.size} bytes, found more`,
      );
    }
    await writeAll(this.#file, bytes);
    this.#hash.update(bytes);
    this.length += bytes.length;
  }

  async finish(): Promise<string> {
    await this.#file.sync();
    return this.#hash.digest("hex");
  }
}

/** What a server's refusal means, and what to do. */
function refusal(url: string, status: number): Error {
  if (status === 429 || status >= 500) return new NetworkError(`status ${status}`);
  const hint = status === 401 || status === 403
    ? ": the repository asks for a token of an account that may read it; set HF_TOKEN"
    : status === 404
    ? ": there is no such file; repositories and revisions are configuration"
    : "";
  return new GenviewTypeError(
    `Cannot download ${url}: the server answered with status ${status}${hint}`,
  );
}

function request(
  { url }: Download,
  start: number,
  { token, signal, timeout }: DownloadOptions,
): Promise<Response> {
  const headers = new Headers({ "Accept-Encoding": "identity" });
  if (start > 0) headers.set("Range", `bytes=${start}-`);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  return patientFetch({ signal, ...(timeout !== undefined && { timeout }) })(url, { headers });
}

/** First byte of the file that an answer brings. */
function firstByte(response: Response): number {
  if (response.status === 200) return 0;
  const range = /^bytes (\d+)-/.exec(response.headers.get("Content-Range") ?? "");
  return range === null ? NaN : Number(range[1]);
}

/** Asks for what is missing and adds what comes of it. */
async function fetchRest(
  download: Download,
  partial: PartialFile,
  options: DownloadOptions,
): Promise<void> {
  const response = await request(download, partial.length, options);
  if (response.status === 416) await partial.clear();
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    if (response.status === 416) throw new NetworkError("the server has no such range");
    throw refusal(download.url, response.status);
  }
  const first = firstByte(response);
  if (first !== partial.length) {
    if (first === 0) await partial.clear();
    else {
      await response.body.cancel();
      throw new GenviewTypeError(
        `Cannot download ${download.url}: the server must answer from byte ${partial.length} on, ` +
          `found from ${first}`,
      );
    }
  }
  for await (const piece of response.body) {
    await partial.append(piece);
    options.onProgress?.(partial.length);
  }
  if (partial.length < download.size) throw new NetworkError("the connection broke off");
}

function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => {
    clearTimeout(timer);
    reject(signal!.reason);
  };
  const timer = setTimeout(() => {
    signal?.removeEventListener("abort", stop);
    resolve();
  }, milliseconds);
  signal?.addEventListener("abort", stop, { once: true });
  return promise;
}

async function fetchAll(
  download: Download,
  partial: PartialFile,
  options: DownloadOptions,
): Promise<void> {
  const { attempts = 5, retryDelay = 1000, signal } = options;
  for (let failures = 0; partial.length < download.size;) {
    const before = partial.length;
    try {
      signal?.throwIfAborted();
      await fetchRest(download, partial, options);
    } catch (cause) {
      if (!(cause instanceof NetworkError)) throw cause;
      failures = partial.length > before ? 1 : failures + 1;
      if (failures >= attempts) {
        throw new GenviewError(
          `Cannot download ${download.url}: ${cause.message}, ${attempts} times one after the other; ` +
            `${partial.length} of ${download.size} bytes are kept: check the network and pull again, which resumes ` +
            "there",
          { cause },
        );
      }
      await wait(Math.min(retryDelay * 2 ** (failures - 1), MAX_RETRY_DELAY), signal);
    }
  }
}

/**
 * Downloads a file. If that breaks off, the next call resumes there. A file that is there already is left as it
 * is.
 *
 * @throws {SyntaxError} if the bytes have another checksum; they are removed, because resuming from them would never
 * help
 * @throws {TypeError} if the server refuses
 * @throws {GenviewError} if it fails as many times as `attempts` says
 */
export async function downloadFile(
  download: Download,
  options: DownloadOptions = {},
): Promise<void> {
  await explainingFileErrors(`write ${download.path}`, downloadNow(download, options));
}

async function downloadNow(download: Download, options: DownloadOptions): Promise<void> {
  const { path, checksum, url } = download;
  if (await ifThere(Deno.stat(path)) !== undefined) return;
  await Deno.mkdir(dirname(path), { recursive: true });
  const incomplete = `${path}.incomplete`;
  using file = await Deno.open(incomplete, { read: true, write: true, create: true });
  // Another process may be at it: then wait for it, and see what it has left.
  await file.lock(true);
  if (await ifThere(Deno.stat(path)) !== undefined) return;
  const partial = new PartialFile(file, download);
  await partial.resume();
  options.onProgress?.(partial.length);
  await fetchAll(download, partial, options);
  const found = await partial.finish();
  if (checksum !== undefined && !found.startsWith(checksum.digits)) {
    await Deno.remove(incomplete);
    throw new GenviewSyntaxError(
      `Cannot download ${url}: its ${checksum.algorithm} checksum must be ${checksum.digits}, found ` +
        `${found}; the bytes were removed, pull again`,
    );
  }
  await Deno.rename(incomplete, path);
}
