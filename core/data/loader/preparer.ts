/**
 * Who prepares samples: this thread, or workers.
 *
 * @module
 */
import { UnreadableImageError } from "../decode/unreadable_image_error.ts";
import { type PreparedView, prepareSample, type SampleJob } from "./prepare_sample.ts";
import type { WorkerAnswer, WorkerRequest } from "./view_worker.ts";

/** Prepares samples, several at a time. */
export interface Preparer extends Disposable {
  /** How many samples are worth having under way at once. */
  readonly parallel: number;
  prepare(job: SampleJob): Promise<PreparedView[]>;
}

/** Samples under way when this thread prepares them: while one is cut here, others are decoded by the native threads. */
const IN_THREAD = 4;

/** Samples under way per worker: one is cut while the next is decoded. */
const PER_WORKER = 2;

interface Waiting {
  resolve(views: PreparedView[]): void;
  reject(error: Error): void;
}

class WorkerThread implements Disposable {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor() {
    this.#worker = new Worker(new URL("./view_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = (event: MessageEvent<WorkerAnswer>) => this.#settle(event.data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#rejectAll(new Error(`Internal: a worker failed: ${event.message}`));
    };
  }

  get load(): number {
    return this.#waiting.size;
  }

  prepare(job: SampleJob): Promise<PreparedView[]> {
    const { promise, resolve, reject } = Promise.withResolvers<PreparedView[]>();
    const request: WorkerRequest = { id: this.#next++, job };
    this.#waiting.set(request.id, { resolve, reject });
    this.#worker.postMessage(request);
    return promise;
  }

  #settle(answer: WorkerAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    if (answer.kind === "views") waiting.resolve(answer.views);
    else if (answer.kind === "unreadable") {
      waiting.reject(new UnreadableImageError(answer.source, answer.reason));
    } else waiting.reject(new Error(`Internal: a worker failed on a sample: ${answer.message}`));
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#rejectAll(new DOMException("The worker was closed", "AbortError"));
  }
}

/** Prepares samples in `count` workers, or in this thread if there are none. */
export function openPreparer(count: number): Preparer {
  if (count === 0) {
    return { parallel: IN_THREAD, prepare: prepareSample, [Symbol.dispose]() {} };
  }
  const threads = Array.from({ length: count }, () => new WorkerThread());
  return {
    parallel: count * PER_WORKER,
    prepare(job) {
      const idlest = threads.reduce((best, thread) => thread.load < best.load ? thread : best);
      return idlest.prepare(job);
    },
    [Symbol.dispose]() {
      for (const thread of threads) thread[Symbol.dispose]();
    },
  };
}
