/**
 * The program of the worker that starts a method's thread. It runs without permissions, which the thread inherits, and
 * no code of the method's: so it still hears and answers while the thread loops, and tells the thread's end when that
 * runs out of memory, of which a worker itself would end the process. A thread that loops ends by its own clock, see
 * `run_within.ts`; but one that loops where that is not asked, in a job of a promise or in a module that awaits at its
 * top level, is left alone and takes a core until the process ends.
 *
 * @module
 */
import { Worker as Thread } from "node:worker_threads";
import type { FromSupervisor, ToSupervisor } from "./protocol.ts";

interface SupervisorScope {
  onmessage: ((event: MessageEvent<ToSupervisor>) => void) | null;
  postMessage(message: FromSupervisor, transfer?: Transferable[]): void;
}

/** A program's address as a thread takes it: of those on the web, a text that imports them. */
function threadAddress(program: string): URL {
  const url = new URL(program);
  if (url.protocol === "file:") return url;
  return new URL(`data:text/javascript,import ${encodeURIComponent(JSON.stringify(program))}`);
}

/** The buffers that an answer says it is made of; a wrong list costs a copy. */
function buffersOf(answer: unknown): ArrayBuffer[] {
  const { buffers } = (answer ?? {}) as { readonly buffers?: unknown };
  if (!Array.isArray(buffers)) return [];
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
}

/** Whether this module runs as a worker's program, rather than being imported for its types. */
function isWorker(): boolean {
  return "WorkerGlobalScope" in globalThis;
}

/** Milliseconds between looks at the memory of the process. */
const INTERVAL = 200;

/** Megabytes that the process has in memory. */
function megabytesHeld(): number {
  return Deno.memoryUsage().rss / 1e6;
}

function supervise(scope: SupervisorScope): void {
  let thread: Thread | undefined;
  let watch: ReturnType<typeof setInterval> | undefined;
  const ended = (reason: string) => scope.postMessage({ kind: "ended", reason });
  const start = ({ program, data }: Extract<ToSupervisor, { kind: "start" }>) => {
    const resourceLimits = { maxOldGenerationSizeMb: data.limits.megabytes };
    thread = new Thread(threadAddress(program), { workerData: data, resourceLimits });
    const { growth } = data.limits;
    const most = megabytesHeld() + growth;
    // Arrays of numbers lie outside of what the thread's own limit counts.
    watch = setInterval(() => {
      if (megabytesHeld() <= most) return;
      clearInterval(watch);
      ended(`the process took ${growth} MB more memory meanwhile, which is all that it may`);
    }, INTERVAL);
    thread.on("message", (answer: unknown) => {
      scope.postMessage({ kind: "answer", answer }, buffersOf(answer));
    });
    thread.on("messageerror", () => ended("it sent what cannot be sent"));
    thread.on("error", (error: unknown) => {
      const { code, message } = (error ?? {}) as { readonly code?: unknown; message?: unknown };
      ended(
        code === "ERR_WORKER_OUT_OF_MEMORY"
          ? `it took more memory than the ${data.limits.megabytes} MB that it may`
          : `an error was not caught (${String(message)})`,
      );
    });
    thread.on("exit", () => ended("it ended its own thread"));
  };
  scope.onmessage = async ({ data: message }) => {
    if (message.kind === "start") start(message);
    else if (message.kind === "ask") thread?.postMessage(message.asked);
    else {
      clearInterval(watch);
      await thread?.terminate();
      scope.postMessage({ kind: "stopped" });
    }
  };
}

if (isWorker()) supervise(globalThis as unknown as SupervisorScope);
