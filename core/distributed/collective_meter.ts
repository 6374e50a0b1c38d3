/**
 * What collectives cost.
 *
 * @module
 */

/** What collectives have cost this process so far. */
export interface CollectiveStatistics {
  /** Collectives that have ended. */
  readonly calls: number;
  /** Bytes of this process's data that they were given, whichever way and however often they were sent. */
  readonly bytes: number;
  /** Seconds in which they were under way, the wait for other processes included. */
  readonly seconds: number;
}

/** Adds up what collectives cost. */
export class CollectiveMeter {
  #calls = 0;
  #bytes = 0;
  #seconds = 0;

  /** What was added up so far. */
  read(): CollectiveStatistics {
    return { calls: this.#calls, bytes: this.#bytes, seconds: this.#seconds };
  }

  /** Adds time, and a collective that has ended in it, if one has. */
  add(seconds: number, ended?: { readonly bytes: number }): void {
    this.#seconds += seconds;
    if (ended === undefined) return;
    this.#calls++;
    this.#bytes += ended.bytes;
  }
}
