/**
 * Work that takes seconds to minutes, one at a time: who asks for what is under way already waits for the same.
 *
 * @module
 */

/** Work that somebody waits for. */
interface Shared {
  readonly result: Promise<unknown>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Runs one piece of work at a time, in the order in which they are asked for. It is cancelled when nobody waits for it
 * any more.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HeavyWork } from "./heavy_work.ts";
 *
 * const work = new HeavyWork(new AbortController().signal);
 * const { signal } = new AbortController();
 * let runs = 0;
 * const ask = () => work.run("a sum", signal, () => Promise.resolve(++runs));
 * assertEquals(await Promise.all([ask(), ask()]), [1, 1]);
 * ```
 */
export class HeavyWork {
  readonly #ending: AbortSignal;
  readonly #shared = new Map<string, Shared>();
  #last: Promise<unknown> = Promise.resolve();

  /** @param ending cancels all of it */
  constructor(ending: AbortSignal) {
    this.#ending = ending;
  }

  /**
   * Runs a piece of work when those before it have ended, or waits for the one of the same name that is under way.
   *
   * @param key names it; work of one name has one result
   * @param signal stops waiting, and throws its reason
   * @param work gets a signal that aborts when nobody waits any more
   */
  async run<T>(
    key: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const shared = this.#shared.get(key) ?? this.#begin(key, work);
    shared.waiting++;
    const gone = Promise.withResolvers<never>();
    const leave = () => {
      gone.reject(signal.reason);
      if (--shared.waiting > 0) return;
      // Whoever asks from now on begins anew, rather than being told of the cancellation.
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
      shared.controller.abort(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([shared.result as Promise<T>, gone.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<unknown>): Shared {
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, this.#ending]);
    const before = this.#last;
    const result = (async () => {
      await before;
      signal.throwIfAborted();
      return await work(signal);
    })();
    const shared: Shared = { result, controller, waiting: 0 };
    this.#shared.set(key, shared);
    const end = () => {
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
    };
    // Whether it has failed is for those to know who wait for it.
    this.#last = result.then(end, end);
    return shared;
  }
}
