import { assertEquals, assertNotEquals } from "@std/assert";
import { type Dataset, fileSource, smallImageView, viewLoader } from "../../../../core/data/mod.ts";
import type { ViewBatch, ViewLoaderOptions } from "../../../../core/data/mod.ts";
import { datasetOf } from "../../../../core/data/dataset_of.ts";
import { IMAGES, NAMES, openFixture, withCache } from "./shard_fixtures.ts";

const RECIPES = [smallImageView(8), smallImageView(8)];
const OPTIONS: ViewLoaderOptions = { batchSize: 2, seed: 5, epoch: 1 };

/** The images of the fixtures as files, in the order of the shards. */
const FILES = datasetOf("files", NAMES.length, (i) => ({
  key: NAMES[i]!,
  source: fileSource(`${IMAGES}/${NAMES[i]}`),
}));

async function batchesOf(
  dataset: Dataset,
  options: Partial<ViewLoaderOptions> = {},
): Promise<Pick<ViewBatch, "indices" | "views">[]> {
  const batches = await Array.fromAsync(viewLoader(dataset, RECIPES, { ...OPTIONS, ...options }));
  return batches.map(({ indices, views }) => ({ indices, views }));
}

Deno.test("batches of shards are those of the same images as files, to the pixel", () =>
  withCache(async () => {
    const files = await batchesOf(FILES, { dropLast: false });
    for (const name of ["numbered-*.tar", "structs.parquet", "bytes.parquet"]) {
      const shards = await openFixture(name);
      const all = { dropLast: false, shuffleBuffer: 0 };
      assertEquals(await batchesOf(shards, all), files, name);
      // A buffer of all samples mixes all, in an order of its own.
      const mixed = await batchesOf(shards, { dropLast: false });
      assertEquals(mixed.flatMap(({ indices }) => indices).toSorted(), [0, 1, 2, 3, 4]);
    }
  }));

Deno.test("batches of shards are the same from a later one on, and from several ranks", () =>
  withCache(async () => {
    const shards = await openFixture("numbered-*.tar");
    const options = { shuffleBuffer: 2 };
    const whole = await batchesOf(shards, options);
    assertEquals(await batchesOf(shards, { ...options, startBatch: 1 }), whole.slice(1));
    const ranks = await Promise.all(
      [0, 1].map((index) =>
        batchesOf(shards, { ...options, batchSize: 1, shard: { index, count: 2 } })
      ),
    );
    const together = ranks[0]!.map(({ indices }, b) => [...indices, ...ranks[1]![b]!.indices]);
    assertEquals(together, whole.map(({ indices }) => [...indices]));
    const orders = await Promise.all(
      [0, 1, 2, 3].map(async (epoch) =>
        (await batchesOf(shards, { ...options, epoch })).flatMap(({ indices }) => indices)
      ),
    );
    assertNotEquals(new Set(orders.map((order) => order.join())).size, 1);
  }));
