/**
 * Texts of a plugin's files, from a disk or from the web.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { GenviewError, GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";

/** Seconds that a server may take for a module. */
const SECONDS = 60;

/** Most bytes of a module. */
const BYTES = 16_000_000;

/** Most redirects that are followed, as many as browsers do. */
const REDIRECTS = 20;

function refuseSize(action: string): never {
  throw new GenviewTypeError(`Cannot ${action}: a module may have ${BYTES} bytes, found more`);
}

/** The text of a response, of which no more is taken than a module may have. */
async function textOf(response: Response, action: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > BYTES) refuseSize(action);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** Where a response redirects to; undefined if it does not. */
function redirectOf({ status, headers }: Response, address: URL): URL | undefined {
  const location = headers.get("location");
  if (location === null || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  return URL.parse(location, address) ?? undefined;
}

/** Refuses to be led to another host than the user has named, or from an encrypted connection to a plain one. */
function checkRedirect(action: string, from: URL, to: URL): void {
  if (to.host === from.host && (to.protocol === from.protocol || to.protocol === "https:")) return;
  const [own, other] = to.host === from.host
    ? [from.origin, to.origin]
    : [from.host, to.host || to.protocol];
  throw new GenviewTypeError(
    `Cannot ${action}: a redirect must stay on ${own}, found one to ${other} (${to.href}); name that address yourself ` +
      "if you trust it",
  );
}

/** Fetches what lies at an address, following redirects within its host. */
async function fetchWithinHost(address: URL, action: string): Promise<Response> {
  const signal = AbortSignal.timeout(SECONDS * 1000);
  let at = address;
  for (let followed = 0; followed <= REDIRECTS; followed++) {
    const response = await fetch(at, { signal, redirect: "manual" });
    const next = redirectOf(response, at);
    if (next === undefined) return response;
    await response.body?.cancel();
    checkRedirect(action, at, next);
    at = next;
  }
  throw new GenviewError(
    `Cannot ${action}: the server may redirect ${REDIRECTS} times, found more`,
  );
}

/**
 * The text at an address on the web; undefined if there is none. Redirects are followed within the host.
 *
 * @throws {GenviewError} if the server does not answer, or redirects without end
 * @throws {TypeError} if it is longer than a module may be, or a redirect leads to another host
 */
export async function fetchText(address: URL): Promise<string | undefined> {
  const action = `fetch ${address.href}`;
  try {
    const response = await fetchWithinHost(address, action);
    if (response.ok) return await textOf(response, action);
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    throw new GenviewError(`Cannot ${action}: the server answered ${response.status}`);
  } catch (cause) {
    if (cause instanceof GenviewError || cause instanceof GenviewTypeError) throw cause;
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new GenviewError(
      `Cannot ${action}: the server must answer, found ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** The text of a file; undefined if there is none. */
export async function readText(address: URL): Promise<string | undefined> {
  const action = `read ${address.href}`;
  const info = await explainingFileErrors(action, ifThere(Deno.stat(address)));
  if (info === undefined) return undefined;
  if (info.size > BYTES) refuseSize(action);
  return await explainingFileErrors(action, ifThere(Deno.readTextFile(address)));
}

/**
 * Reads files of one folder: a link that leads out of it is refused, since what it leads to is not the plugin's.
 *
 * @throws {TypeError} of the reader, if a file lies elsewhere, or is longer than a module may be
 */
export async function readerOf(folder: URL): Promise<typeof readText> {
  const root = await ifThere(Deno.realPath(folder));
  return async (address) => {
    const path = await explainingFileErrors(
      `read ${address.href}`,
      ifThere(Deno.realPath(address)),
    );
    if (path === undefined || root === undefined) return undefined;
    const within = fileURLToPath(address).slice(fileURLToPath(folder).length);
    if (path === root || path.startsWith(root) && /[\\/]/.test(path[root.length] ?? "")) {
      return await readText(address);
    }
    throw new GenviewTypeError(
      `Cannot load plugin "${folder.href}": its modules must lie in its folder, found ${within}, a link to ${path}`,
    );
  };
}

/** The text at an address, a file's or on the web; undefined if there is none. */
export function textAt(address: URL): Promise<string | undefined> {
  return address.protocol === "file:" ? readText(address) : fetchText(address);
}
