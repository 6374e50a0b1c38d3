/**
 * The program of one of several processes that generate variations: it reads its job from standard input, a line of JSON,
 * and reports on standard output, a line of JSON for each event. It stops when its input ends, and so does not outlive its
 * parent.
 *
 * @module
 */
import { isGenviewError } from "../errors/mod.ts";
import { lockShard } from "./lock_share.ts";
import type { VariationEvent } from "./progress.ts";
import { runShare, type VariationJob } from "./run_share.ts";

/** What a worker writes to its parent. */
export type WorkerMessage =
  | VariationEvent
  /** Its input is to be closed: it ends when that does. */
  | { readonly kind: "end" };

function send(message: WorkerMessage): void {
  const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
  for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
}

/** The first line of the input; what follows is left. */
async function readJob(input: ReadableStreamDefaultReader<string>): Promise<VariationJob> {
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await input.read();
    if (done) throw new Error("Internal: a worker's input must be a line of JSON, found none");
    text += value;
  }
  return JSON.parse(text);
}

async function work(): Promise<void> {
  const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
  const job = await readJob(input);
  const controller = new AbortController();
  const stop = () => controller.abort(new DOMException("The parent asks to stop", "AbortError"));
  input.read().finally(stop);
  // The terminal sends Ctrl-C to all processes of a command.
  Deno.addSignalListener("SIGINT", stop);
  try {
    using _lock = await lockShard(job.folder, job.shard);
    await runShare(job, { signal: controller.signal, report: send });
  } finally {
    Deno.removeSignalListener("SIGINT", stop);
    send({ kind: "end" });
  }
}

function fail(error: unknown): void {
  const text = isGenviewError(error)
    ? `error: ${error.message}`
    : error instanceof Error
    ? error.stack
    : error;
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  Deno.exitCode = 1;
}

if (import.meta.main) void work().catch(fail);
