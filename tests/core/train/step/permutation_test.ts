import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { drawPermutation } from "../../../../core/train/step/permutation.ts";
import { BATCH, graphOf, methodOf, stepOf, writeViews } from "../small_methods.ts";

Deno.test("drawPermutation() draws anew for each step, name and seed, and the same for the same", () => {
  const draw = { seed: 3, step: 7 };
  const { order, inverse } = drawPermutation("shuffle", 64, draw);
  assertEquals(drawPermutation("shuffle", 64, draw).order.data, order.data);
  assertEquals(
    [...order.data].sort((a, b) => Number(a - b)),
    Array.from({ length: 64 }, (_, i) => BigInt(i)),
  );
  inverse.data.forEach((to, from) => assertEquals(order.data[Number(to)], BigInt(from)));
  for (const other of [{ seed: 4, step: 7 }, { seed: 3, step: 8 }]) {
    assert(drawPermutation("shuffle", 64, other).order.data.some((x, i) => x !== order.data[i]));
  }
  assert(drawPermutation("other", 64, draw).order.data.some((x, i) => x !== order.data[i]));
});

const shuffled = methodOf(({ network, permutation, views, ops, constant }) => {
  const { shuffle, restore } = permutation("shuffle");
  const z = network()(views[0]!);
  const places = constant(Array.from({ length: BATCH }, (_, i) => 2 ** i), [BATCH, 1]);
  const norm = (x: typeof z) => ops.reduceSum(ops.mul(x, x));
  return {
    loss: ops.reduceMean(z),
    embeddings: z,
    metrics: {
      restored: norm(ops.sub(restore(shuffle(z)), z)),
      shuffledPlaces: ops.reduceSum(
        ops.mul(shuffle(places), constant([...Array(BATCH).keys()], [BATCH, 1])),
      ),
    },
  };
});

Deno.test("a permutation shuffles rows by the order of the step, and restores them", async () => {
  using step = await stepOf(graphOf(shuffled));
  writeViews(step, "views");
  for (const draw of [{ seed: 0, step: 0 }, { seed: 0, step: 1 }, { seed: 9, step: 1 }]) {
    const { metrics } = await step.run({ learning_rate: 0, weight_decay: 0 }, draw);
    const { order } = drawPermutation("shuffle", BATCH, draw);
    const expected = order.data.reduce((sum, from, i) => sum + i * 2 ** Number(from), 0);
    assertEquals(metrics, { restored: 0, shuffledPlaces: Math.fround(expected) });
  }
});

Deno.test("a step with a permutation asks for what it is drawn by", async () => {
  using step = await stepOf(graphOf(shuffled));
  writeViews(step, "views");
  await assertRejects(
    () => step.run({ learning_rate: 0, weight_decay: 0 }),
    TypeError,
    'permutation "shuffle" needs the seed and the step',
  );
});

Deno.test("a permutation refuses another number of rows than there are samples", () => {
  const method = methodOf(({ network, permutation, views, ops }) => {
    const z = network()(views[0]!);
    const { shuffle } = permutation("shuffle");
    return { loss: ops.reduceMean(shuffle(ops.concat([z, z], { axis: 0 }))), embeddings: z };
  });
  assertThrows(
    () => graphOf(method),
    RangeError,
    "Cannot permute samples: there must be a row for each of 8, found float32[16,10]",
  );
});
