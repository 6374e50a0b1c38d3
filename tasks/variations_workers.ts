/**
 * Several processes that share the generation of variations, and are started again when they die.
 *
 * @module
 */
import { GenviewError } from "../core/errors/mod.ts";
import { formatShard, shareOf, subShard } from "../core/distributed/mod.ts";
import { type Device, formatDevice } from "../core/engine/ort/mod.ts";
import type { WorkerReport } from "./cli/variations_display.ts";
import type {
  VariationDisplay,
  VariationJob,
  VariationOutcome,
  VariationRunOptions,
} from "./variations_run.ts";

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
 * What a process needs, but for the means to start others. The task itself has those without a program's name: under names,
 * Deno starts nothing where LD_LIBRARY_PATH is set, by which CUDA's libraries are found.
 */
const ARGUMENTS = [
  ...["run", "--allow-read", "--allow-write", "--allow-ffi", "--allow-env", "--allow-sys=homedir"],
  new URL("./variations_worker.ts", import.meta.url).href,
];

/** How a process has ended. */
type WorkerEnd = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** What all workers together have come to. */
class Sum {
  readonly #show: VariationDisplay;
  readonly #total: number;
  readonly #workers: { readonly there: number; made: number; unreadable: number }[] = [];
  readonly #expected: number;

  /** @param total variations of all workers */
  constructor(total: number, workers: number, show: VariationDisplay) {
    this.#total = total;
    this.#expected = workers;
    this.#show = show;
  }

  /** Whether all workers have said what was there already. */
  get #complete(): boolean {
    return Object.keys(this.#workers).length === this.#expected;
  }

  /** Takes a report of a worker. */
  take(worker: number, report: Exclude<WorkerReport, { kind: "end" }>): void {
    if (report.kind === "note") this.#show.note(`worker ${worker}: ${report.text}`);
    else if (report.kind === "advance") this.#advance(worker, report.made, report.unreadable);
    else this.#start(worker, report.there);
  }

  #start(worker: number, there: number): void {
    const before = this.#workers[worker];
    if (before !== undefined) {
      // It is started again: finds what it made before, and tries again what it could not read.
      this.#advance(worker, there - before.there - before.made, -before.unreadable);
      return;
    }
    this.#workers[worker] = { there, made: 0, unreadable: 0 };
    if (!this.#complete) return;
    const { there: all, made, unreadable } = this.outcome;
    this.#show.start(this.#total, all);
    if (made + unreadable > 0) this.#show.advance(made, unreadable);
  }

  #advance(worker: number, made: number, unreadable: number): void {
    const sum = this.#workers[worker]!;
    sum.made += made;
    sum.unreadable += unreadable;
    if (this.#complete) this.#show.advance(made, unreadable);
  }

  get outcome(): Omit<VariationOutcome, "stopped"> {
    const sum = (name: "there" | "made" | "unreadable") =>
      this.#workers.reduce((all, worker) => all + worker[name], 0);
    const [there, made, unreadable] = [sum("there"), sum("made"), sum("unreadable")];
    return { total: this.#total, there, made, unreadable };
  }
}

/** Lines of a stream. */
async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest !== "") yield rest;
}

/** A report; what a library has printed instead is a note. */
function parseReport(line: string): WorkerReport {
  return line.startsWith('{"kind":') ? JSON.parse(line) : { kind: "note", text: line };
}

function nameOf(worker: number, { shard, model }: VariationJob): string {
  return `worker ${worker} (shard ${formatShard(shard)}, ${formatDevice(model.device)})`;
}

/** Runs a process to its end. Its standard input, which brings the job, stays open for as long as it is to work. */
async function runOnce(
  worker: number,
  job: VariationJob,
  sum: Sum,
  { signal, show }: VariationRunOptions,
): Promise<WorkerEnd> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ARGUMENTS,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  show.note(`${nameOf(worker, job)} is process ${child.pid}`);
  const input = child.stdin.getWriter();
  // Of a process that has died, there is no input left to write to or to close.
  const quietly = (done: Promise<void>) => void done.catch(() => {});
  const close = () => quietly(input.close());
  quietly(input.write(new TextEncoder().encode(JSON.stringify(job) + "\n")));
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  let last = "";
  async function readReports(): Promise<void> {
    for await (const line of lines(child.stdout)) {
      const report = parseReport(line);
      if (report.kind === "end") close();
      else sum.take(worker, report);
    }
  }
  async function readErrors(): Promise<void> {
    for await (const line of lines(child.stderr)) {
      if (line.trim() === "") continue;
      last = line.trim();
      show.note(`worker ${worker}: ${line}`);
    }
  }
  const [status] = await Promise.all([child.status, readReports(), readErrors()]);
  signal.removeEventListener("abort", close);
  if (status.success) return { ok: true };
  const how = status.signal === null ? `exit code ${status.code}` : status.signal;
  return { ok: false, reason: last === "" ? how : `${how}: ${last}` };
}

/** Runs one worker's share, again where its process dies; gives what went wrong at last. */
async function runWorker(
  worker: number,
  job: VariationJob,
  sum: Sum,
  options: WorkersOptions,
): Promise<string | undefined> {
  const { retries, signal, show } = options;
  for (let attempt = 0;; attempt++) {
    const end = await runOnce(worker, job, sum, options);
    if (end.ok || signal.aborted) return undefined;
    const who = nameOf(worker, job);
    if (attempt === retries) return `${who}: ${end.reason}`;
    show.note(`${who} ended by ${end.reason}; it is started again (${attempt + 1} of ${retries})`);
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
 * Runs a job by several processes side by side.
 *
 * @throws {Error} if some have failed as often as they may, once the others are done
 */
export async function runWorkers(
  job: VariationJob,
  options: WorkersOptions,
): Promise<VariationOutcome> {
  const { workers, retries, signal, show } = options;
  const total = job.images.length * job.names.imagesPerPrompt;
  const sum = new Sum(total, workers, show);
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
        `${retries + 1} attempts; the same command goes on from here:\n  ${failures.join("\n  ")}`,
    );
  }
  return { ...sum.outcome, stopped: signal.aborted };
}
