/**
 * Batches that are made ahead of their use.
 *
 * @module
 */
import type { LoaderStatistics } from "./options.ts";

/** Makes the batches that {@link backgroundBatches} gives. */
export interface BatchMaker<Batch> extends Disposable {
  /** Makes one batch; several may be in the making. */
  make(batch: number): Promise<Batch>;
}

/**
 * Gives the batches from `start` to `end` in order, with up to `prefetch` more in the making. However the iteration
 * ends, it ends only when nothing is in the making any more and the maker is disposed of.
 */
export async function* backgroundBatches<Batch>(
  open: () => BatchMaker<Batch>,
  start: number,
  end: number,
  prefetch: number,
  statistics: LoaderStatistics,
): AsyncGenerator<Batch> {
  const maker = open();
  const pending: Promise<Batch>[] = [];
  let next = start;
  try {
    while (next < end || pending.length > 0) {
      while (next < end && pending.length <= prefetch) {
        const batch = maker.make(next++);
        // Its failure is met when its turn comes; until then it must not count as unhandled.
        batch.catch(() => {});
        pending.push(batch);
      }
      const began = performance.now();
      const batch = await pending[0]!;
      statistics.waitSeconds += (performance.now() - began) / 1000;
      pending.shift();
      statistics.batches++;
      yield batch;
    }
  } finally {
    maker[Symbol.dispose]();
    await Promise.allSettled(pending);
  }
}
