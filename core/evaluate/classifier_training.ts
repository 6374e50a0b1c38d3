/**
 * What trainings of classifiers on augmented images have in common.
 *
 * @module
 */
import type { LoaderOptions } from "../data/loader/options.ts";
import type { ProcessGroup } from "../distributed/mod.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import type { EpochCheckpoints } from "./epoch_checkpoints.ts";

/** How far a training is. */
export interface ClassifierProgress {
  /** Images that were trained on, in all epochs. */
  readonly done: number;
  /** Images of all epochs. */
  readonly total: number;
  /** Epoch that is under way, from 0. */
  readonly epoch: number;
  /** Mean loss of the steps of this epoch so far; absent before its first. */
  readonly loss?: number;
}

/** Options of trainings on augmented images. */
export interface ClassifierTrainingOptions
  extends Pick<LoaderOptions, "strict" | "onWarning" | "workers"> {
  /** Images in a step (default the recipe's, or all if there are fewer); learning rates scale with it. */
  readonly batchSize?: number;
  /** Passes over the images (default the recipe's). */
  readonly epochs?: number;
  /** Seed of the initial classifier, of the order of images and of their augmentation (default 0). */
  readonly seed?: number;
  /** Threads on the CPU; all cores when 0 or left out. */
  readonly threads?: number | undefined;
  /** Keeps a checkpoint after each epoch, from whose newest the training goes on; none by default. */
  readonly checkpoints?: EpochCheckpoints;
  /** Called as images are done. */
  readonly onProgress?: (progress: ClassifierProgress) => void;
  /** Called as test images are done, with their number and that of all. */
  readonly onTest?: (done: number, total: number) => void;
  /**
   * Ranks that train and test together, each with a part of every step's images and of the test images. All have the
   * result, which is that of one process but for rounding; the first calls `onWarning`, `onProgress` and `onTest`, for all.
   */
  readonly group?: ProcessGroup | undefined;
}

/** What trainings of classifiers find. */
export interface ClassifierResult {
  /** Share of the test images whose class has the largest logit. */
  readonly top1: number;
  /** Share of the test images whose class has one of the five largest. */
  readonly top5: number;
  /** Mean loss of each epoch. */
  readonly losses: readonly number[];
  /** Images in a step. */
  readonly batchSize: number;
  /** Epochs in all. */
  readonly epochs: number;
  /** Training images. */
  readonly trained: number;
  /** Test images that could be read. */
  readonly tested: number;
  /** Test images that could not be read. */
  readonly skipped: number;
}

/** Images in a run of the network, while features are taken. */
export const IMAGES_AT_ONCE = 64;

/**
 * Rows of a step: what is asked for, or the recipe's, or all if there are fewer.
 *
 * @throws {RangeError} if it is no integer in [1, rows]
 */
export function stepRows(asked: number | undefined, recipe: number, rows: number): number {
  const batchSize = asked ?? Math.min(recipe, rows);
  if (Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= rows) return batchSize;
  throw new GenviewRangeError(
    `Cannot train a classifier: the batch size must be an integer in [1, ${rows}], the training images, found ${batchSize}`,
  );
}

/**
 * Images of a micro-batch: what is asked for, or the whole batch.
 *
 * @throws {RangeError} if they do not divide the batch
 */
export function microBatchRows(asked: number | undefined, batchSize: number): number {
  const rows = asked ?? batchSize;
  if (Number.isInteger(rows) && rows >= 1 && batchSize % rows === 0) return rows;
  throw new GenviewRangeError(
    `Cannot train a classifier: --device-batch-size must divide the images of a step, ${batchSize}, found ${rows}`,
  );
}

/**
 * Rows of a step that one rank takes.
 *
 * @throws {RangeError} if the ranks do not divide the step
 */
export function rankRows(batchSize: number, group: ProcessGroup | undefined): number {
  const { size } = group ?? { size: 1 };
  if (batchSize % size === 0) return batchSize / size;
  throw new GenviewRangeError(
    `Cannot train a classifier on ${size} processes: they must divide the images of a step (--batch-size), found ${batchSize}`,
  );
}

/** Warnings of ranks that train together: each is shown once, by the first rank. */
export class RankWarnings {
  readonly #group: ProcessGroup | undefined;
  readonly #tell: (message: string) => void;
  readonly #told = new Set<string>();
  #untold: string[] = [];

  /**
   * @param group the ranks; undefined where there is only this process
   * @param tell takes the warnings of all, on the first rank
   */
  constructor(group: ProcessGroup | undefined, tell: (message: string) => void = () => {}) {
    this.#group = group;
    this.#tell = tell;
  }

  /** Takes a warning of this rank. */
  readonly take = (message: string): void => {
    if (this.#group === undefined) this.#tell(message);
    else if (this.#group.rank > 0) this.#untold.push(message);
    else this.#tellOnce(message);
  };

  #tellOnce(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#tell(message);
  }

  /** Brings those of all ranks to the first. */
  async share(): Promise<void> {
    if (this.#group === undefined) return;
    const own = this.#untold;
    this.#untold = [];
    const all = (await this.#group.allGatherValues(own)).flat();
    if (this.#group.rank > 0) return;
    all.forEach((message) => this.#tellOnce(message));
  }
}
