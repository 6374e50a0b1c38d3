import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { bufferedOrder } from "../../../../core/data/loader/buffered_order.ts";
import { epochOrder } from "../../../../core/data/loader/epoch_order.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";

const RUNS = [40, 0, 7, 100, 53];
const LENGTH = 200;

function ordered(buffer: number, seed = 3): number[] {
  return [...bufferedOrder(RUNS, buffer, new RandomStream(seed, "order", 0))];
}

Deno.test("bufferedOrder() visits every sample once, by any buffer, alike in every run", () => {
  const all = Array.from({ length: LENGTH }, (_, i) => i);
  for (const buffer of [1, 2, 16, 199, 200, 5000]) {
    assertEquals(ordered(buffer).toSorted((a, b) => a - b), all);
    assertEquals(ordered(buffer), ordered(buffer));
    assertNotEquals(ordered(buffer), ordered(buffer, 4));
  }
});

Deno.test("bufferedOrder() takes the runs as wholes in random order, and mixes within the buffer", () => {
  const starts = [0, 40, 40, 47, 147];
  const runOf = (index: number) => starts.findLastIndex((start) => start <= index);
  const plain = ordered(1);
  // By a buffer of one sample, each run comes whole and in its order.
  const changes = plain.filter((index, i) => i > 0 && runOf(index) !== runOf(plain[i - 1]!));
  assertEquals(changes.length, 3);
  assert(
    plain.every((index, i) => i === 0 || starts.includes(index) || index === plain[i - 1]! + 1),
  );
  // A sample cannot come earlier than it has entered the buffer; the average one waits there as many steps as it holds.
  const entered = new Map(plain.map((index, at) => [index, at]));
  const late = ordered(16).map((index, at) => at - entered.get(index)! + 15);
  assert(late.every((steps) => steps >= 0));
  assertNotEquals(new Set(late).size, 1);
});

Deno.test("bufferedOrder() by a buffer of all draws every order alike", () => {
  const counts = new Map<string, number>();
  for (let epoch = 0; epoch < 6000; epoch++) {
    const order = bufferedOrder([2, 1], 3, new RandomStream(0, "order", epoch)).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals(counts.size, 6);
  // Five standard deviations of a count of 1000.
  assert([...counts.values()].every((count) => Math.abs(count - 1000) < 5 * Math.sqrt(833)));
});

Deno.test("epochOrder() of runs gives ranks what one rank would visit, and all samples' order without a buffer", () => {
  const options = {
    ...{ length: LENGTH, seed: 1, epoch: 2, shuffle: true, dropLast: true },
    ...{ runs: RUNS, shuffleBuffer: 32 },
  };
  const whole = epochOrder({ ...options, batchSize: 8, shard: { index: 0, count: 1 } });
  const ranks = [0, 1].map((index) =>
    epochOrder({ ...options, batchSize: 4, shard: { index, count: 2 } })
  );
  assertEquals(
    whole.map((batch) => [...batch]),
    ranks[0]!.map((batch, b) => [...batch, ...ranks[1]![b]!]),
  );
  const { runs: _, ...plain } = options;
  const one = { batchSize: 8, shard: { index: 0, count: 1 } };
  assertNotEquals(epochOrder({ ...options, ...one }), epochOrder({ ...plain, ...one }));
  assertEquals(
    epochOrder({ ...options, ...one, shuffleBuffer: 0 }),
    epochOrder({ ...plain, ...one }),
  );
});
