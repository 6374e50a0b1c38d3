/**
 * What was opened a moment ago, so that it need not be opened again.
 *
 * @module
 */

interface Opened<T> {
  readonly value: Promise<T>;
  readonly time: number;
}

/**
 * The last few things that were opened, for a while: listing a million images takes seconds, and a page asks for one data set
 * again and again. What cannot be opened is not kept.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Recent } from "./recent.ts";
 *
 * const recent = new Recent<number>({ most: 2, seconds: 60 });
 * let opened = 0;
 * const open = () => Promise.resolve(++opened);
 * assertEquals([await recent.open("a", open), await recent.open("a", open)], [1, 1]);
 * ```
 */
export class Recent<T> {
  readonly #opened = new Map<string, Opened<T>>();
  readonly #most: number;
  readonly #seconds: number;

  /**
   * @param options.most how many are kept
   * @param options.seconds how long
   */
  constructor({ most, seconds }: { readonly most: number; readonly seconds: number }) {
    this.#most = most;
    this.#seconds = seconds;
  }

  /** Opens what a name stands for, or gives what was opened under it. */
  async open(name: string, open: () => Promise<T>): Promise<T> {
    const found = this.#opened.get(name);
    const isFresh = found !== undefined && performance.now() - found.time < 1000 * this.#seconds;
    const opened = isFresh ? found : { value: open(), time: performance.now() };
    this.#opened.delete(name);
    this.#opened.set(name, opened);
    for (const oldest of this.#opened.keys()) {
      if (this.#opened.size <= this.#most) break;
      this.#opened.delete(oldest);
    }
    try {
      return await opened.value;
    } catch (error) {
      if (this.#opened.get(name) === opened) this.#opened.delete(name);
      throw error;
    }
  }
}
