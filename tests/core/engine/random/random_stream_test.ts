import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";

const COUNT = 20_000;

function draws(next: () => number, count = COUNT): Float64Array {
  return Float64Array.from({ length: count }, next);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean of a power of the distances from a centre. */
function moment(values: Float64Array, power: number, centre = 0): number {
  return mean(values.map((value) => (value - centre) ** power));
}

function correlation(a: Float64Array, b: Float64Array): number {
  const [left, right] = [mean(a), mean(b)];
  const products = a.map((value, i) => (value - left) * (b[i]! - right));
  return mean(products) / Math.sqrt(moment(a, 2, left) * moment(b, 2, right));
}

Deno.test("RandomStream gives the same numbers for the same seed and path", () => {
  const first = new RandomStream(3, "views", 2, 17);
  const again = new RandomStream(3, "views", 2, 17);
  for (let i = 0; i < 100; i++) assertEquals(first.uint32(), again.uint32());
});

Deno.test("RandomStream gives other numbers for another seed or path", () => {
  const first = new RandomStream(3, "views", 2, 17).uint32();
  const others: [number, ...(string | number)[]][] = [
    [4, "views", 2, 17],
    [3 + 2 ** 32, "views", 2, 17],
    [3, "views", 21, 7],
    [3, "views", "2", 17],
    [3, "views", 2],
    [3],
  ];
  for (const [seed, ...path] of others) {
    assertNotEquals(new RandomStream(seed, ...path).uint32(), first);
  }
});

Deno.test("uniform() has the moments of a uniform distribution within its bounds", () => {
  const random = new RandomStream(0, "uniform");
  const values = draws(() => random.uniform(-1, 3));
  assert(values.every((value) => value >= -1 && value < 3));
  assert(Math.abs(mean(values) - 1) < 0.03);
  assert(Math.abs(moment(values, 2, 1) - 16 / 12) < 0.03);
});

Deno.test("normal() has the moments of a normal distribution", () => {
  const random = new RandomStream(0, "normal");
  const values = draws(() => random.normal(2, 3)).map((value) => (value - 2) / 3);
  const expected = [0, 1, 0, 3];
  expected.forEach((wanted, i) => {
    const found = moment(values, i + 1);
    assert(Math.abs(found - wanted) < 0.15, `moment ${i + 1} is ${found}`);
  });
});

Deno.test("streams of neighbouring paths are independent, and so are neighbours in one", () => {
  const a = new RandomStream(0, "sample", 0);
  const b = new RandomStream(0, "sample", 1);
  const left = draws(() => a.uniform());
  const right = draws(() => b.uniform());
  assert(Math.abs(correlation(left, right)) < 0.03);
  assert(Math.abs(correlation(left.subarray(1), left.subarray(0, -1))) < 0.03);
});

Deno.test("first numbers of many streams are uniform", () => {
  const firsts = draws(() => 0, 5000).map((_, i) => new RandomStream(1, "epoch", 4, i).uniform());
  assert(Math.abs(mean(firsts) - 0.5) < 0.02);
  assert(Math.abs(moment(firsts, 2, 0.5) - 1 / 12) < 0.005);
});

Deno.test("integer() gives every integer below its bound equally often", () => {
  const random = new RandomStream(0, "integer");
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 7000; i++) counts[random.integer(7)]!++;
  for (const count of counts) assert(Math.abs(count - 1000) < 150, `found ${counts}`);
  assertEquals(new RandomStream(0).integer(1), 0);
  for (const bound of [0, -1, 2.5, 2 ** 33]) {
    assertThrows(() => random.integer(bound), RangeError, `found ${bound}`);
  }
});

Deno.test("chance() happens as often as it should", () => {
  const random = new RandomStream(0, "chance");
  const hits = draws(() => Number(random.chance(0.2)));
  assert(Math.abs(mean(hits) - 0.2) < 0.02);
  assertEquals(random.chance(0), false);
  assertEquals(random.chance(1), true);
});

Deno.test("permutation() orders all positions, each first equally often", () => {
  const random = new RandomStream(0, "permutation");
  const counts = new Array<number>(5).fill(0);
  for (let i = 0; i < 5000; i++) {
    const order = random.permutation(5);
    assertEquals([...order].sort(), [0, 1, 2, 3, 4]);
    counts[order[0]!]!++;
  }
  for (const count of counts) assert(Math.abs(count - 1000) < 150, `found ${counts}`);
  assertEquals(random.permutation(0).length, 0);
});

Deno.test("RandomStream rejects seeds that are not integers of at least zero", () => {
  for (const seed of [-1, 0.5, 2 ** 53, NaN]) {
    assertThrows(
      () => new RandomStream(seed),
      RangeError,
      `the seed must be an integer in [0, 2^53), found ${seed}`,
    );
  }
});
