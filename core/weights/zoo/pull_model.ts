/**
 * Published checkpoints, brought to this machine.
 *
 * @module
 */
import { GenviewError, GenviewTypeError } from "../../errors/mod.ts";
import { ifThere } from "../../files/if_there.ts";
import { downloadFile, type DownloadOptions } from "../download.ts";
import { defaultHubCache } from "../hub_cache.ts";
import { NetworkError, patientFetch } from "../patient_fetch.ts";
import { pullFiles } from "../pull.ts";
import { fileName, type ModelFolders, placeOfModel } from "./local_models.ts";
import type { PublishedModel } from "./model_catalog.ts";

/** How {@linkcode pullModel} reaches the publisher. */
export interface PullModelOptions extends ModelFolders, Omit<DownloadOptions, "onProgress"> {
  /** Address of the hub. */
  readonly endpoint: string;
  /** Called with the bytes of the file that have arrived, and its size. */
  readonly onProgress?: (path: string, received: number, size: number) => void;
}

/** Bytes of a file, as its server says. */
async function sizeAt(url: string, { timeout, signal }: PullModelOptions): Promise<number> {
  const patient = patientFetch({ signal, ...(timeout !== undefined && { timeout }) });
  const response = await patient(url, {
    method: "HEAD",
    headers: { "Accept-Encoding": "identity" },
  });
  const size = Number(response.headers.get("Content-Length"));
  if (!response.ok || !(size > 0)) {
    throw new GenviewTypeError(
      `Cannot pull ${url}: the server must say how long the file is, found status ${response.status}` +
        (response.ok ? " and no length" : ""),
    );
  }
  return size;
}

/** Downloads from an address; where that cannot be reached, says where to put the file by hand. */
async function pullFrom(
  url: string,
  model: PublishedModel,
  options: PullModelOptions,
): Promise<string> {
  // The token is the hub's, which no other server is to see.
  const { token: _, onProgress, ...download } = options;
  const path = placeOfModel(model, options)!;
  if (await ifThere(Deno.stat(path)) !== undefined) return path;
  try {
    const size = model.size ?? await sizeAt(url, options);
    await downloadFile(
      { url, size, path, ...(model.checksum && { checksum: model.checksum }) },
      { ...download, onProgress: (received) => onProgress?.(fileName(model), received, size) },
    );
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (!(cause instanceof NetworkError)) throw cause;
    throw new GenviewError(
      `Cannot pull ${url}: ${cause.message}; check the network, or fetch it elsewhere and put it at ${path}`,
      { cause },
    );
  }
  return path;
}

/**
 * Brings a published checkpoint to this machine. One that is there is not fetched again, and one that broke off is
 * resumed; it gets its name once all of its bytes are there and have the checksum that the publisher states, or, where
 * none is stated, are as many as the server says.
 *
 * @returns its path
 * @throws {TypeError} if the server refuses
 * @throws {GenviewError} if it does not answer
 * @throws {SyntaxError} if the bytes have another checksum
 */
export async function pullModel(
  model: PublishedModel,
  options: PullModelOptions,
): Promise<string> {
  const { hub, url } = model;
  if (hub === undefined) return await pullFrom(url!, model, options);
  const { hubCache = defaultHubCache(), folder: _, ...pulling } = options;
  const [pulled] = await pullFiles(hub, [[hub.path]], { ...pulling, cache: hubCache });
  return pulled!.file;
}
