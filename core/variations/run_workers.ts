/**
 * Several processes that share the generation of variations, and are started again when they die.
 *
 * @module
 */
import { GenviewError } from "../errors/mod.ts";
import { formatShard, programArguments, shareOf, subShard } from "../distributed/mod.ts";
import { type Device, formatDevice } from "../engine/ort/mod.ts";
import { linesOf } from "../files/lines.ts";
import { countVariations } from "./output_names.ts";
import type { VariationOutcome, VariationRunOptions } from "./progress.ts";
import type { VariationJob } from "./run_share.ts";
import { VariationSum } from "./variation_sum.ts";
import type { WorkerMessage } from "./worker.ts";

/** How processes are started and watched. */
export interface WorkersOptions extends VariationRunOptions {
  /** How many. */
  readonly workers: number;
  /** How often each may be started again. */
  readonly retries: number;
  /** Devices that they are spread over. */
  readonly devices: readonly Device[];
}

/**
 * Arguments of a worker's process, without the permission to start others. The task itself may start any program: with a
 * list of names, Deno starts nothing where LD_LIBRARY_PATH is set, which CUDA's libraries need.
 */
const PERMISSIONS = [
  "--allow-read",
  "--allow-write",
  "--allow-ffi",
  "--allow-env",
  "--allow-sys=homedir,hostname",
];

/** The program of each process. */
const WORKER = new URL("./worker.ts", import.meta.url);

/** How a process has ended. */
type WorkerEnd = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** A message of a worker; what a library has printed instead is a note. */
function parseMessage(line: string): WorkerMessage {
  return line.startsWith('{"kind":') ? JSON.parse(line) : { kind: "note", text: line };
}

function nameOf(worker: number, { shard, model }: VariationJob): string {
  return `worker ${worker} (shard ${formatShard(shard)}, ${formatDevice(model.device)})`;
}

/** Runs a process to its end. Its standard input, which brings the job, stays open for as long as it is to work. */
async function runOnce(
  worker: number,
  job: VariationJob,
  sum: VariationSum,
  { signal, report }: VariationRunOptions,
): Promise<WorkerEnd> {
  const child = new Deno.Command(Deno.execPath(), {
    args: programArguments(WORKER, PERMISSIONS),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const note = (text: string) => report?.({ kind: "note", text });
  note(`${nameOf(worker, job)} is process ${child.pid}`);
  const input = child.stdin.getWriter();
  // Of a process that has died, there is no input left to write to or to close.
  const quietly = (done: Promise<void>) => void done.catch(() => {});
  const close = () => quietly(input.close());
  quietly(input.write(new TextEncoder().encode(JSON.stringify(job) + "\n")));
  signal?.addEventListener("abort", close, { once: true });
  if (signal?.aborted) close();
  let last = "";
  async function readMessages(): Promise<void> {
    for await (const line of linesOf(child.stdout)) {
      const message = parseMessage(line);
      if (message.kind === "end") close();
      else sum.take(worker, message);
    }
  }
  async function readErrors(): Promise<void> {
    for await (const line of linesOf(child.stderr)) {
      if (line.trim() === "") continue;
      last = line.trim();
      note(`worker ${worker}: ${line.trimEnd()}`);
    }
  }
  const [status] = await Promise.all([child.status, readMessages(), readErrors()]);
  signal?.removeEventListener("abort", close);
  if (status.success) return { ok: true };
  const how = status.signal === null ? `exit code ${status.code}` : status.signal;
  return { ok: false, reason: last === "" ? how : `${how}: ${last}` };
}

/** Runs one worker's share, again where its process dies; gives what went wrong at last. */
async function runWorker(
  worker: number,
  job: VariationJob,
  sum: VariationSum,
  options: WorkersOptions,
): Promise<string | undefined> {
  const { retries, signal, report } = options;
  for (let attempt = 0;; attempt++) {
    const end = await runOnce(worker, job, sum, options);
    if (end.ok || signal?.aborted) return undefined;
    const who = nameOf(worker, job);
    if (attempt === retries) return `${who}: ${end.reason}`;
    const text = `${who} ended by ${end.reason}; it is started again (${
      attempt + 1
    } of ${retries})`;
    report?.({ kind: "note", text });
  }
}

/** A worker's share of a job, and its part of the machine. */
function jobOf(job: VariationJob, worker: number, { workers, devices }: WorkersOptions) {
  const inner = { index: worker, count: workers };
  const cores = Math.max(1, Math.floor(navigator.hardwareConcurrency / workers));
  return {
    ...job,
    images: shareOf(job.images, inner),
    shard: subShard(job.shard, inner),
    model: { ...job.model, device: devices[worker % devices.length]! },
    // Processes that share the cores should not each take all of them.
    threads: job.threads || cores,
  };
}

/**
 * Runs a job by several processes at once. Its folder must be locked, and claimed.
 *
 * @throws {GenviewError} if some have failed as often as they may, once the others are done
 */
export async function runWorkers(
  job: VariationJob,
  options: WorkersOptions,
): Promise<VariationOutcome> {
  const { workers, retries, report = () => {} } = options;
  const total = countVariations(job.images, job.names);
  const sum = new VariationSum(total, workers, "worker", report);
  const ends = await Promise.all(
    Array.from(
      { length: workers },
      (_, worker) => runWorker(worker, jobOf(job, worker, options), sum, options),
    ),
  );
  const failures = ends.filter((failure) => failure !== undefined);
  if (failures.length > 0) {
    throw new GenviewError(
      `Cannot generate all variations: ${failures.length} of ${workers} workers failed, each in ` +
        `${retries + 1} attempts; the same command resumes from here:\n  ${failures.join("\n  ")}`,
    );
  }
  const { outcome } = sum;
  const { existing, made, unreadable, failed } = outcome;
  return { ...outcome, stopped: existing + made + unreadable + failed < total };
}
