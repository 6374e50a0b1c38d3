/**
 * How much a method may take while it is compiled: an endless loop and a graph without end are to end with an error.
 *
 * @module
 */

/** How much a method may take while it is compiled in a worker. */
export interface CompileLimits {
  /** Seconds for its import and for each time that its graph is built (default 120). */
  readonly seconds?: number;
  /** Operations in its graph, gradients included (default 2 million). */
  readonly operations?: number;
  /** Elements in all that it declares: parameters, buffers, what the optimizer keeps (default 2^33). */
  readonly elements?: number;
  /** Megabytes of the memory in which JavaScript keeps objects (default 2048). */
  readonly megabytes?: number;
  /** Megabytes by which the memory of the whole process may grow meanwhile, which arrays of numbers are part of (default 16384). */
  readonly growth?: number;
}

/** What ends a method that is not done in time. */
export function timeIsUp(seconds: number): string {
  return `it must be done within ${seconds} s, and was not; look for a loop without end`;
}

/** The limits where none are given. */
export const DEFAULT_LIMITS: Required<CompileLimits> = {
  seconds: 120,
  operations: 2_000_000,
  elements: 2 ** 33,
  megabytes: 2048,
  growth: 16_384,
};
