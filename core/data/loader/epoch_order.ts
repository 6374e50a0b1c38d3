/**
 * The order in which samples are visited.
 *
 * @module
 */
import type { Shard } from "../../distributed/shard.ts";
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
}

/**
 * The sample indices of one epoch's batches. Ranks take turns in the same order: batch b of rank r is the slice
 * b * count + r, so that together they visit what a single rank with a batch `count` times as large would.
 */
export function epochOrder(options: EpochOrderOptions): Uint32Array[] {
  const { length, batchSize, seed, epoch, shuffle, dropLast, shard } = options;
  const order = shuffle
    ? new RandomStream(seed, "order", epoch).permutation(length)
    : Uint32Array.from({ length }, (_, i) => i);
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
