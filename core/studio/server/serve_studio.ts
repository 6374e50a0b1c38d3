/**
 * The studio as a server on this machine alone.
 *
 * @module
 */
import { createStudio, type Studio, type StudioOptions } from "./create_studio.ts";

/** How a studio is served. */
export interface ServeStudioOptions extends Omit<StudioOptions, "port"> {
  /** Port on 127.0.0.1 (default 0: one that is free). */
  readonly port?: number;
}

/** A studio that is served. */
export interface ServedStudio {
  /** The first address, which lets a browser in. */
  readonly address: string;
  /** The studio. */
  readonly studio: Studio;
  /** Ends when the server does. */
  readonly finished: Promise<void>;
}

/**
 * Serves a studio on 127.0.0.1 until the signal ends it; runs that it has started go on.
 *
 * @throws {GenviewNotFound} if there is no such folder
 * @throws {GenviewTypeError} if it is no folder
 * @throws {Deno.errors.AddrInUse} if the port is taken
 */
export async function serveStudio(
  { port = 0, ...options }: ServeStudioOptions,
): Promise<ServedStudio> {
  let answer: ((request: Request) => Promise<Response>) | undefined;
  const ready = Promise.withResolvers<void>();
  const ended = new AbortController();
  const signal = options.signal ?? ended.signal;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    async (request) => {
      await ready.promise;
      return await answer!(request);
    },
  );
  try {
    const studio = await createStudio({ ...options, signal, port: server.addr.port });
    answer = studio.fetch;
    ready.resolve();
    const stop = () => void server.shutdown();
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    return { address: studio.address, studio, finished: server.finished };
  } catch (error) {
    ready.reject(error);
    ready.promise.catch(() => {});
    await server.shutdown();
    throw error;
  }
}
