/**
 * Where graphs are computed.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import type { Device } from "./device.ts";

/** Where a graph is computed, and with how many threads. */
export interface Placement {
  /** Device that runs the nodes and holds the outputs. */
  readonly device: Device;
  /** Threads that share one operator's work on the CPU; one for each physical core when 0 or left out. */
  readonly threads?: number | undefined;
}

/**
 * Checks a number of threads.
 *
 * @throws {RangeError} if it is given and not a non-negative integer
 */
export function checkThreads(name: string, threads: number | undefined): void {
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 0)) {
    throw new GenviewRangeError(
      `Cannot create a session: ${name} must be an integer of at least 0 (0: all cores), found ${threads}`,
    );
  }
}
