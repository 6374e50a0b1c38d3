/**
 * Writing of several files at once.
 *
 * @module
 */

const WRITES_AT_ONCE = 8;

/** Writes files, up to eight at once. */
export class ParallelWrites {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /** Waits until there is room, and begins. Throws what has failed before. */
  async begin(write: () => Promise<void>): Promise<void> {
    if (this.#running.size >= WRITES_AT_ONCE) await Promise.race(this.#running);
    if (this.#failure) throw this.#failure.error;
    const running: Promise<void> = write()
      .catch((error) => void (this.#failure ??= { error }))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits for all. Throws what has failed. */
  async finish(): Promise<void> {
    await this.settle();
    if (this.#failure) throw this.#failure.error;
  }

  /** Waits for all, also for those that fail. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }
}
