import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  epochOrder,
  type EpochOrderOptions,
  replacements,
} from "../../../../core/data/loader/epoch_order.ts";

const OPTIONS: EpochOrderOptions = {
  length: 23,
  batchSize: 4,
  seed: 1,
  epoch: 0,
  shuffle: true,
  dropLast: false,
  shard: { index: 0, count: 1 },
};

function flat(options: Partial<EpochOrderOptions>): number[] {
  return epochOrder({ ...OPTIONS, ...options }).flatMap((batch) => [...batch]);
}

Deno.test("epochOrder() visits every sample once", () => {
  const order = flat({});
  assertEquals(order.toSorted((a, b) => a - b), Array.from({ length: 23 }, (_, i) => i));
  assertEquals(epochOrder(OPTIONS).map(({ length }) => length), [4, 4, 4, 4, 4, 3]);
});

Deno.test("epochOrder() leaves out the last samples if told so", () => {
  assertEquals(flat({ dropLast: true }), flat({}).slice(0, 20));
});

Deno.test("epochOrder() changes with seed and epoch, and not between runs", () => {
  assertEquals(flat({}), flat({}));
  assertNotEquals(flat({ epoch: 1 }), flat({}));
  assertNotEquals(flat({ seed: 2 }), flat({}));
  assertEquals(flat({ shuffle: false }).slice(0, 5), [0, 1, 2, 3, 4]);
});

Deno.test("epochOrder() gives ranks what one rank with a larger batch would visit", () => {
  const whole = epochOrder({ ...OPTIONS, batchSize: 8, dropLast: true });
  const ranks = [0, 1].map((index) =>
    epochOrder({ ...OPTIONS, dropLast: true, shard: { index, count: 2 } })
  );
  assertEquals(whole.length, 2);
  whole.forEach((batch, b) => {
    assertEquals([...batch], [...ranks[0]![b]!, ...ranks[1]![b]!]);
  });
});

Deno.test("replacements() draws from the whole data set, alike in every run", () => {
  const take = (index: number) => {
    const drawn = replacements(index, 10, 1, 2);
    return Array.from({ length: 200 }, () => drawn.next().value);
  };
  assertEquals(take(3), take(3));
  assertNotEquals(take(3), take(4));
  assertEquals(new Set(take(3)).size, 10);
  assert(take(3).every((index) => index >= 0 && index < 10));
});
