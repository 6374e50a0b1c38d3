/**
 * Work of seconds in a worker, while the server goes on answering.
 *
 * @module
 */
import { GenviewError } from "../../errors/mod.ts";
import type {
  BackgroundAnswer,
  BackgroundRequest,
  BackgroundResults,
} from "./background_program.ts";

const PROGRAM = new URL("./background_program.ts", import.meta.url);

/**
 * Computes in a worker of its own, which ends with it.
 *
 * @param signal ends the worker, and throws its reason
 * @throws {GenviewError} if what is asked for cannot be computed
 */
export async function inBackground<Kind extends BackgroundRequest["kind"]>(
  request: Extract<BackgroundRequest, { readonly kind: Kind }>,
  signal: AbortSignal,
): Promise<BackgroundResults[Kind]> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<BackgroundAnswer>();
  const worker = new Worker(PROGRAM, { type: "module", name: `studio ${request.kind}` });
  const stop = () => reject(signal.reason);
  try {
    signal.addEventListener("abort", stop, { once: true });
    worker.onmessage = ({ data }: MessageEvent<BackgroundAnswer>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`Internal: a worker failed: ${event.message}`));
    };
    worker.postMessage(request);
    const answer = await promise;
    if ("result" in answer) return answer.result as BackgroundResults[Kind];
    if (answer.isGenview) throw new GenviewError(answer.error);
    throw new Error(`Internal: a worker failed: ${answer.error}`);
  } finally {
    signal.removeEventListener("abort", stop);
    worker.terminate();
  }
}
