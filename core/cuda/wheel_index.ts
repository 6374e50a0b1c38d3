/**
 * Wheels of a Python package in an index: PyPI, or a mirror of it.
 *
 * {@link https://packaging.python.org/en/latest/specifications/simple-repository-api/ | The format}, in JSON or in HTML.
 *
 * @module
 */
import { GenviewError, GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { type Checksum, checksumOf } from "../files/checksum.ts";
import { NetworkError, patientFetch } from "../weights/patient_fetch.ts";

/** The index of the Python Package Index. */
export const PYPI = "https://pypi.org/simple";

/** A wheel in an index. */
export interface Wheel {
  /** Name of the file, such as `onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl`. */
  readonly name: string;
  /** Where it lies. */
  readonly url: string;
  /** Bytes of the file; an index in HTML does not say. */
  readonly size?: number;
  /** SHA-256 of the file, in hexadecimal digits; an index may not say. */
  readonly sha256?: string;
}

/** How an index is asked. */
export interface IndexOptions {
  /** Address of the index (default {@linkcode PYPI}). */
  readonly index?: string | undefined;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

/** Waits for an answer of an index, or for the rest of it, and says of failures what to do. */
async function explained<T>(
  url: string,
  signal: AbortSignal | undefined,
  answer: Promise<T>,
): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Deno.errors.NotCapable) {
      throw new GenviewTypeError(
        `Cannot read ${url}: the process may not reach its host (${cause.message}); run tasks/cuda.ts by deno run with ` +
          `--allow-net=${new URL(url).host} beside its other permissions`,
        { cause },
      );
    }
    if (!(cause instanceof NetworkError)) throw cause;
    throw new GenviewError(
      `Cannot read the index ${url}: ${cause.message}; check the network, or name a mirror by --index`,
      { cause },
    );
  }
}

/** Wheels of an index in JSON. */
function parseJson(text: string, base: string): Wheel[] {
  let files: unknown;
  try {
    files = JSON.parse(text)?.files;
  } catch (cause) {
    throw new GenviewSyntaxError(`Cannot read the index ${base}: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (!Array.isArray(files)) {
    throw new GenviewSyntaxError(`Cannot read the index ${base}: it must list files, found none`);
  }
  return files.filter(({ yanked }) => yanked === undefined || yanked === false).map((
    { filename, url, size, hashes },
  ) => ({
    name: String(filename),
    url: new URL(String(url), base).href,
    ...(typeof size === "number" && { size }),
    ...(typeof hashes?.sha256 === "string" && { sha256: hashes.sha256 }),
  }));
}

/** Wheels of an index in HTML: links, with the checksum in the fragment. */
function parseHtml(text: string, base: string): Wheel[] {
  return [...text.matchAll(/<a\s([^>]*)>/gi)].flatMap(([, attributes = ""]) => {
    const href = /href\s*=\s*["']([^"']+)["']/i.exec(attributes)?.[1];
    if (href === undefined || /data-yanked/i.test(attributes)) return [];
    const url = new URL(href.replaceAll("&amp;", "&"), base);
    const sha256 = /sha256=([0-9a-f]{64})/.exec(url.hash)?.[1];
    url.hash = "";
    const name = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf("/") + 1));
    return [{ name, url: url.href, ...(sha256 && { sha256 }) }];
  });
}

/**
 * Lists the files of a package in an index; withdrawn ones are left out.
 *
 * @param name of the package, such as `onnxruntime-gpu`
 * @throws {GenviewError} if the index does not answer
 * @throws {TypeError} if it has no such package
 * @throws {SyntaxError} if its answer is malformed
 */
export async function listWheels(
  name: string,
  { index = PYPI, signal }: IndexOptions = {},
): Promise<Wheel[]> {
  const url = `${index.replace(/\/+$/, "")}/${name}/`;
  const headers = { Accept: `${JSON_TYPE}, text/html;q=0.1` };
  const response = await explained(url, signal, patientFetch({ signal })(url, { headers }));
  if (!response.ok) {
    await response.body?.cancel();
    throw new GenviewTypeError(
      `Cannot read the index ${url}: it answered with status ${response.status}; --index must be the address of a ` +
        `simple index, such as ${PYPI}`,
    );
  }
  const text = await explained(url, signal, response.text());
  const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
  return isJson ? parseJson(text, response.url) : parseHtml(text, response.url);
}

/**
 * What a wheel must be to be downloaded and checked.
 *
 * @throws {TypeError} if the index gives no checksum, or the server no size
 */
export async function wheelFacts(
  { name, url, size, sha256 }: Wheel,
  { signal }: IndexOptions = {},
): Promise<{ readonly size: number; readonly checksum: Checksum }> {
  if (sha256 === undefined) {
    throw new GenviewTypeError(
      `Cannot download ${name}: the index must give its SHA-256, found none; name another by --index`,
    );
  }
  const checksum = checksumOf("sha256", sha256, `download ${name}`);
  if (size !== undefined) return { size, checksum };
  const response = await explained(
    url,
    signal,
    patientFetch({ signal })(url, { method: "HEAD" }),
  );
  await response.body?.cancel();
  const length = Number(response.headers.get("Content-Length") ?? NaN);
  if (response.ok && Number.isSafeInteger(length) && length > 0) return { size: length, checksum };
  throw new GenviewTypeError(
    `Cannot download ${url}: the server must say how many bytes it has, found status ${response.status} and none`,
  );
}
