/**
 * The queue of jobs: one runs on a device at a time, and all of them outlive the server.
 *
 * @module
 */
import { join } from "node:path";
import { GenviewAlreadyExists, GenviewNotFound, isGenviewError } from "../../errors/mod.ts";
import { FolderLock } from "../../files/folder_lock.ts";
import { ifThere } from "../../files/if_there.ts";
import { makeFolder } from "../../files/new_file.ts";
import type { Job, JobRequest } from "../api/actions.ts";
import type { StudioContext } from "../studio_context.ts";
import { type CheckedRequest, checkRequest } from "./check_request.ts";
import { deviceOf, isWriter, mayBeOne, mustWait } from "./job_order.ts";
import { JobProcesses } from "./job_process.ts";
import { readJobs, type StoredJob, type StoredQueue, writeJobs } from "./stored_jobs.ts";

/** Folder of the studio below its root, and that of its jobs. */
const FOLDER = ".genview-studio";

/** Milliseconds between looks at jobs that run. */
const LOOK_MILLISECONDS = 300;

/** Jobs that have ended and are kept. */
const KEPT = 100;

function isActive({ state }: StoredJob): boolean {
  return state === "waiting" || state === "running";
}

/** The jobs of the studio below a root. */
export class JobQueue {
  readonly #context: StudioContext;
  readonly #path: string;
  readonly #processes: JobProcesses;
  readonly #lock: FolderLock;
  #queue: StoredQueue;
  /** What is done next waits for this, so that changes follow each other. */
  #last: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  /** What the last look has met that nobody has heard of. */
  #failure: unknown;
  /** Last lines of the jobs that run, as they were last told. */
  readonly #told = new Map<number, string | undefined>();

  private constructor(
    context: StudioContext,
    folder: string,
    queue: StoredQueue,
    lock: FolderLock,
  ) {
    this.#context = context;
    this.#path = join(folder, "queue.json");
    this.#processes = new JobProcesses(join(folder, "jobs"), context.root);
    this.#queue = queue;
    this.#lock = lock;
  }

  /**
   * Opens the queue of a root and goes on with it: jobs that an earlier server has started are found again. It is closed when
   * the context's signal aborts, which ends no job.
   *
   * @throws {GenviewAlreadyExists} if another server has it
   * @throws {GenviewTypeError} if its folder is a link, or its file is damaged
   */
  static async open(context: StudioContext): Promise<JobQueue> {
    const folder = await context.resolveNew(FOLDER);
    await makeFolder(await context.resolveNew(`${FOLDER}/jobs`));
    const lock = await FolderLock.acquire(folder, { name: "queue" });
    try {
      const queue = await readJobs(join(folder, "queue.json"));
      const opened = new JobQueue(context, folder, queue, lock);
      context.signal.addEventListener("abort", () => opened.#close(), { once: true });
      if (context.signal.aborted) opened.#close();
      else await opened.#inTurn(() => opened.#look());
      return opened;
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Whether there is a queue below a root. */
  static async isIn({ resolveNew }: StudioContext): Promise<boolean> {
    return await ifThere(Deno.lstat(await resolveNew(`${FOLDER}/queue.json`))) !== undefined;
  }

  #close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    // What is under way writes its file first.
    this.#last = this.#last.finally(() => this.#lock[Symbol.dispose]());
  }

  /** Does one thing after the other. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => {
      if (!this.#isClosed) return act();
      throw new GenviewAlreadyExists("Cannot use the queue: its server is ending");
    });
    this.#last = done.catch(() => {
      // Whoever has asked hears of it.
    });
    return done;
  }

  /**
   * All jobs, the oldest first.
   *
   * @throws what looking after them has met since it was last asked
   */
  async list(): Promise<Job[]> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    return await Promise.all(this.#queue.jobs.map((job) => this.#withOutput(job)));
  }

  /** A job that waits or runs and names a run, or what lies in its folder; undefined if there is none. */
  activeWithin(run: string): StoredJob | undefined {
    return this.#queue.jobs.find((job) =>
      isActive(job) && (job.run === run || job.run?.startsWith(`${run}/`))
    );
  }

  /** The job that writes into a run, or is about to, the running one first; undefined if there is none. */
  writerOf(run: string): StoredJob | undefined {
    const found = this.#queue.jobs.filter((job) =>
      isActive(job) && job.run === run && isWriter(job)
    );
    return found.find(({ state }) => state === "running") ?? found[0];
  }

  /** Whether a job runs on a device. */
  isBusy(device: string): boolean {
    return this.#queue.jobs.some((job) => job.state === "running" && mayBeOne(job.device, device));
  }

  /** What was last asked for that wrote into a run; undefined if nothing was. */
  lastFor(run: string): JobRequest | undefined {
    const job = this.#queue.jobs.findLast((each) => each.run === run && isWriter(each));
    if (job === undefined) return undefined;
    const { task, positional, options } = job;
    return { task, ...(positional && { positional }), options };
  }

  /**
   * Puts a request at the end of the queue, from where it is started as soon as its device is free.
   *
   * @throws {GenviewError} if the system refuses
   */
  async add({ request, run }: CheckedRequest): Promise<Job> {
    return await this.#inTurn(async () => {
      const { next, jobs } = this.#queue;
      const { schema } = await this.#context.forms(request.task);
      const job: StoredJob = {
        id: next,
        ...request,
        state: "waiting",
        command: this.#context.programs(request).shown,
        device: deviceOf(request, schema),
        ...(run !== undefined && { run }),
        asked: Date.now(),
      };
      await this.#save({ next: next + 1, jobs: [...jobs, job] });
      await this.#look();
      return await this.#withOutput(this.#find(job.id));
    });
  }

  /**
   * Takes a waiting job out of the queue, or tells a running one to end after its present step.
   *
   * @throws {GenviewNotFound} if there is no such job
   * @throws {GenviewAlreadyExists} if it has ended
   */
  async stop(id: number): Promise<Job> {
    return await this.#inTurn(async () => {
      await this.#look();
      const job = this.#find(id);
      if (!isActive(job)) {
        throw new GenviewAlreadyExists(`Cannot stop job ${id}: it has ended already, ${job.state}`);
      }
      if (job.state === "waiting") {
        await this.#change(id, { state: "stopped", ended: Date.now() });
      } else if (job.stopping !== true) {
        await this.#processes.stop(id);
        await this.#change(id, { stopping: true });
      }
      return await this.#withOutput(this.#find(id));
    });
  }

  #find(id: number): StoredJob {
    const job = this.#queue.jobs.find((each) => each.id === id);
    if (job !== undefined) return job;
    throw new GenviewNotFound(`Cannot find job ${id} in the queue`);
  }

  async #withOutput(job: StoredJob): Promise<Job> {
    const lines = job.started === undefined ? [] : await this.#processes.output(job.id);
    return { ...job, output: job.reason === undefined ? lines : [...lines, job.reason] };
  }

  async #save(queue: StoredQueue): Promise<void> {
    const ended = queue.jobs.filter((job) => !isActive(job));
    const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - KEPT)));
    const jobs = queue.jobs.filter((job) => !forgotten.has(job));
    await writeJobs(this.#path, { ...queue, jobs });
    this.#queue = { ...queue, jobs };
    for (const { id } of forgotten) await this.#processes.forget(id);
    this.#context.announce({ kind: "queue" });
  }

  async #change(id: number, changes: Partial<StoredJob>): Promise<void> {
    const { next, jobs } = this.#queue;
    await this.#save({
      next,
      jobs: jobs.map((job) => job.id === id ? { ...job, ...changes } : job),
    });
  }

  /** Looks how jobs stand, and starts those whose turn it is. */
  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    for (const job of this.#queue.jobs) {
      if (job.state !== "running") continue;
      const { state, ended } = await this.#processes.stateOf(job.id, job.started ?? job.asked);
      if (state === "running") await this.#tell(job.id);
      else await this.#change(job.id, { state, ended: ended ?? Date.now() });
    }
    for (const [i, job] of this.#queue.jobs.entries()) {
      const isNext = job.state === "waiting" &&
        !this.#queue.jobs.some((other, at) =>
          (other.state === "running" || (other.state === "waiting" && at < i)) &&
          mustWait(job, other)
        );
      if (isNext) await this.#start(job);
    }
    if (this.#isClosed || !this.#queue.jobs.some(isActive)) return;
    this.#timer = setTimeout(() => void this.#lookAgain(), LOOK_MILLISECONDS);
  }

  async #lookAgain(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#inTurn(() => this.#look());
    } catch (error) {
      // A disk that is full for a while ends no looking; the next call fails with the error.
      this.#failure = error;
      if (this.#isClosed) return;
      this.#timer = setTimeout(() => void this.#lookAgain(), 10 * LOOK_MILLISECONDS);
    }
  }

  /** Says that a job has printed something. */
  async #tell(id: number): Promise<void> {
    const last = (await this.#processes.output(id)).at(-1);
    if (this.#told.get(id) === last) return;
    this.#told.set(id, last);
    this.#context.announce({ kind: "queue" });
  }

  async #start(job: StoredJob): Promise<void> {
    const { id, task, positional, options } = job;
    const asked: JobRequest = { task, ...(positional && { positional }), options };
    try {
      // What was right when it was asked for may no longer be, and the file may be another's.
      const { request, problems } = await checkRequest(asked, this.#context);
      const reason = problems.map(({ text }) => text).join("; ");
      if (reason !== "") {
        return await this.#change(id, { state: "failed", ended: Date.now(), reason });
      }
      // Kept before, so that no process runs that nobody knows of.
      await this.#change(id, { state: "running", started: Date.now() });
      await this.#processes.start(id, this.#context.programs(request));
    } catch (error) {
      if (!isGenviewError(error)) throw error;
      await this.#change(id, { state: "failed", ended: Date.now(), reason: error.message });
    }
  }
}
