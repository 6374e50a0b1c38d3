import { assert, assertEquals, assertRejects } from "@std/assert";
import { backgroundBatches } from "../../../../core/data/loader/background_batches.ts";
import type { LoaderStatistics } from "../../../../core/data/loader/options.ts";

function start(end: number, prefetch: number, fail = -1) {
  const statistics: LoaderStatistics = { batches: 0, decoded: 0, skipped: 0, waitSeconds: 0 };
  const log = { made: [] as number[], finished: 0, disposed: 0 };
  const batches = backgroundBatches(
    () => ({
      async make(batch) {
        log.made.push(batch);
        await new Promise((resolve) => setTimeout(resolve, 1));
        log.finished++;
        if (batch === fail) throw new RangeError(`batch ${batch}`);
        return batch;
      },
      [Symbol.dispose]() {
        log.disposed++;
      },
    }),
    0,
    end,
    prefetch,
    statistics,
  );
  return { batches, log, statistics };
}

Deno.test("backgroundBatches() gives batches in order and makes so many ahead", async () => {
  const { batches, log, statistics } = start(5, 2);
  const seen: number[] = [];
  for await (const batch of batches) {
    seen.push(batch);
    assert(log.made.length <= batch + 3);
  }
  assertEquals(seen, [0, 1, 2, 3, 4]);
  assertEquals([log.disposed, statistics.batches], [1, 5]);
  assert(statistics.waitSeconds > 0);
});

Deno.test("backgroundBatches() leaves nothing in the making when the loop is left", async () => {
  const { batches, log } = start(100, 3);
  for await (const batch of batches) if (batch === 1) break;
  assertEquals(log.finished, log.made.length);
  assert(log.made.length <= 6);
  assertEquals(log.disposed, 1);
});

Deno.test("backgroundBatches() fails when the batch that failed has its turn", async () => {
  const { batches, log } = start(10, 4, 2);
  const seen: number[] = [];
  await assertRejects(
    async () => {
      for await (const batch of batches) seen.push(batch);
    },
    RangeError,
    "batch 2",
  );
  assertEquals(seen, [0, 1]);
  assertEquals([log.finished, log.disposed], [log.made.length, 1]);
});

Deno.test("backgroundBatches() does nothing before it is asked", () => {
  const { log } = start(3, 2);
  assertEquals(log.made, []);
});
