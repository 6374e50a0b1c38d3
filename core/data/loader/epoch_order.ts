/**
 * The order in which samples are visited.
 *
 * @module
 */
import type { Shard } from "../../distributed/shard.ts";
import { bufferedOrder } from "./buffered_order.ts";
import { RandomStream } from "../../engine/random/random_stream.ts";

/** What an order depends on. */
export interface EpochOrderOptions {
  readonly length: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly epoch: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly shard: Shard;
  /** Samples that lie together on the disk, run by run, if they are read best in this order. */
  readonly runs?: readonly number[] | undefined;
  /** Samples that those of runs are drawn from; from all if 0 (default). */
  readonly shuffleBuffer?: number;
}

/** All samples in the random order of an epoch. */
function shuffled(
  { length, seed, epoch, runs, shuffleBuffer = 0 }: EpochOrderOptions,
): Uint32Array {
  const random = new RandomStream(seed, "order", epoch);
  return runs === undefined || shuffleBuffer === 0
    ? random.permutation(length)
    : bufferedOrder(runs, shuffleBuffer, random);
}

/**
 * The sample indices of one epoch's batches. Ranks take turns in the same order: batch b of rank r is the slice
 * b * count + r, so that together they visit what a single rank with a batch `count` times as large would.
 */
export function epochOrder(options: EpochOrderOptions): Uint32Array[] {
  const { length, batchSize, shuffle, dropLast, shard } = options;
  const order = shuffle ? shuffled(options) : Uint32Array.from({ length }, (_, i) => i);
  const stride = batchSize * shard.count;
  const rounds = dropLast ? Math.floor(length / stride) : Math.ceil(length / stride);
  return Array.from({ length: rounds }, (_, batch) => {
    const start = batch * stride + shard.index * batchSize;
    return order.subarray(start, start + batchSize);
  });
}

/** Samples that take the place of one that cannot be read: endlessly many, sampled from the whole data set. */
export function* replacements(
  index: number,
  length: number,
  seed: number,
  epoch: number,
): Generator<number, never> {
  const random = new RandomStream(seed, "replacement", epoch, index);
  while (true) yield random.integer(length);
}
