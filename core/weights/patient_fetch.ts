/**
 * Requests that give up when nothing comes for a while.
 *
 * @module
 */
import { GenviewError } from "../errors/mod.ts";

/** Milliseconds without a byte after which a server counts as one that does not answer. */
export const DEFAULT_TIMEOUT = 30_000;

/** How long a request waits, and what ends it. */
export interface PatientFetchOptions {
  /** Milliseconds that may pass without an answer, and then between two of its pieces (default 30,000). */
  readonly timeout?: number;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

/** The network or a server fails; another try may succeed. */
export class NetworkError extends GenviewError {
  override readonly name: string = "NetworkError";
}

/** Waits for something and gives up after a while. */
async function within<T>(
  timeout: number,
  controller: AbortController,
  result: Promise<T>,
): Promise<T> {
  const reason = new NetworkError(`nothing came for ${timeout / 1000} s`);
  const timer = setTimeout(() => controller.abort(reason), timeout);
  try {
    return await result;
  } catch (cause) {
    if (controller.signal.aborted) throw controller.signal.reason;
    throw cause;
  } finally {
    clearTimeout(timer);
  }
}

/** The body of an answer, of which each piece must come in time. */
function watched(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  controller: AbortController,
  { timeout, signal }: { readonly timeout: number; readonly signal: AbortSignal | undefined },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(stream) {
      try {
        const { done, value } = await within(timeout, controller, reader.read());
        if (done) stream.close();
        else stream.enqueue(value);
      } catch (cause) {
        signal?.throwIfAborted();
        if (cause instanceof NetworkError) throw cause;
        throw new NetworkError(cause instanceof Error ? cause.message : String(cause), { cause });
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/**
 * A `fetch` that gives up when nothing comes for a while: no answer, or no further piece of one.
 *
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { patientFetch } from "./patient_fetch.ts";
 *
 * await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
 *   if (request.url.endsWith("/slow")) await new Promise((resolve) => setTimeout(resolve, 100));
 *   return new Response("here");
 * });
 * const fetch = patientFetch({ timeout: 20 });
 * const address = `http://127.0.0.1:${server.addr.port}`;
 * assertEquals(await (await fetch(`${address}/fast`)).text(), "here");
 * await assertRejects(() => fetch(`${address}/slow`), Error, "nothing came for 0.02 s");
 * ```
 *
 * @returns it throws a {@linkcode NetworkError} where the network fails or nothing comes
 */
export function patientFetch(
  { timeout = DEFAULT_TIMEOUT, signal }: PatientFetchOptions = {},
): typeof fetch {
  return async (input, init) => {
    const controller = new AbortController();
    const signals = [controller.signal, signal, init?.signal].filter((each) =>
      each instanceof AbortSignal
    );
    let response: Response;
    try {
      const request = fetch(input, { ...init, signal: AbortSignal.any(signals) });
      response = await within(timeout, controller, request);
    } catch (cause) {
      signal?.throwIfAborted();
      // fetch answers with a TypeError, and with nothing else, if the network fails.
      if (!(cause instanceof TypeError)) throw cause;
      throw new NetworkError(cause.message, { cause });
    }
    if (response.body === null) return response;
    const body = watched(response.body, controller, { timeout, signal });
    const { status, statusText, headers, url } = response;
    return Object.defineProperty(
      new Response(body, { status, statusText, headers }),
      "url",
      { value: url },
    );
  };
}
