/**
 * Random orders that read files forwards.
 *
 * @module
 */
import type { RandomStream } from "../../engine/random/random_stream.ts";

/** Samples of shards that the next one is drawn from, where nothing else is asked for. */
export const SHUFFLE_BUFFER = 2048;

/**
 * An order of samples that lie in runs on the disk: the runs come in random order, their samples enter a buffer one behind
 * the other, and each that leaves it is drawn from those that are in it. A sample is read at most some buffers behind the
 * one that has just entered. With a buffer of all samples or more, every order is equally likely.
 *
 * Source: the shuffling of `webdataset`, `filters.py` `_shuffle`, behind that of its shards; there a stream fills the
 * buffer, and here it holds numbers alone, so that an order can be taken up anywhere without reading.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RandomStream } from "../../engine/random/random_stream.ts";
 * import { bufferedOrder } from "./buffered_order.ts";
 *
 * const order = bufferedOrder([2, 3], 1, new RandomStream(0, "order", 0));
 * assertEquals([[0, 1, 2, 3, 4].join(), [2, 3, 4, 0, 1].join()].includes(order.join()), true);
 * ```
 *
 * @param runs samples in each, of which the first has index 0
 * @param buffer samples, at least 1
 */
export function bufferedOrder(
  runs: readonly number[],
  buffer: number,
  random: RandomStream,
): Uint32Array {
  const starts: number[] = [];
  let length = 0;
  for (const run of runs) {
    starts.push(length);
    length += run;
  }
  const order = new Uint32Array(length);
  const held = new Uint32Array(Math.min(buffer, length));
  let [entered, left] = [0, 0];
  for (const run of random.permutation(runs.length)) {
    for (let i = 0; i < runs[run]!; i++) {
      const next = starts[run]! + i;
      if (entered < held.length) {
        held[entered++] = next;
        continue;
      }
      const drawn = random.integer(held.length);
      order[left++] = held[drawn]!;
      held[drawn] = next;
    }
  }
  const last = random.permutation(held.length);
  for (const drawn of last) order[left++] = held[drawn]!;
  return order;
}
