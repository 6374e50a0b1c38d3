/**
 * What loaders may be asked, and what they report.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";

/** Options of every loader. */
export interface LoaderOptions {
  /** Samples per batch. */
  readonly batchSize: number;
  /** Batches made ahead of the one that is in use; 2 by default. */
  readonly prefetch?: number;
  /**
   * Worker threads that decode and cut; by default 0, which decodes on the native thread pool and cuts on this thread.
   * The batches do not depend on it.
   */
  readonly workers?: number;
  /** Whether an image that cannot be read ends the iteration with an error; it is skipped by default. */
  readonly strict?: boolean;
  /** Called once for every image that is skipped. */
  readonly onWarning?: (message: string) => void;
  /**
   * Images that are known to be unreadable: why, by their source's name. The loader adds those that it meets; handed
   * from epoch to epoch, they are warned of only once in a run.
   */
  readonly unreadable?: Map<string, string>;
  /** First batch to give; earlier ones are not read. 0 by default. */
  readonly startBatch?: number;
  /** Whether the masks of data sets that have them are cut along with the views; not by default. */
  readonly masks?: boolean;
}

/** What a loader has done so far. */
export interface LoaderStatistics {
  /** Batches that were handed over. */
  batches: number;
  /** Images that were decoded or rendered. */
  decoded: number;
  /** Images that were passed over because they cannot be read. */
  skipped: number;
  /** How long the consumer waited for batches, in seconds. */
  waitSeconds: number;
}

/** Batches, made in the background while it is iterated over. Leaving the loop ends all work. */
export interface Loader<Batch> extends AsyncIterable<Batch> {
  /** Number of batches that it gives. */
  readonly length: number;
  /** Counts of what it has done so far. */
  readonly statistics: Readonly<LoaderStatistics>;
}

/** Checks a whole number among a loader's options. */
function requireInteger(name: string, value: number, lowest: number): void {
  if (!Number.isSafeInteger(value) || value < lowest) {
    throw new GenviewRangeError(
      `Cannot load batches: ${name} must be an integer of at least ${lowest}, found ${value}`,
    );
  }
}

/**
 * Checks the options of every loader.
 *
 * @throws {RangeError} if a number is out of range
 */
export function checkLoaderOptions(options: LoaderOptions): void {
  requireInteger("batchSize", options.batchSize, 1);
  requireInteger("prefetch", options.prefetch ?? 2, 0);
  requireInteger("workers", options.workers ?? 0, 0);
  requireInteger("startBatch", options.startBatch ?? 0, 0);
}
