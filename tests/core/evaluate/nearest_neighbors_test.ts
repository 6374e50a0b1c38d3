import { assertEquals, assertRejects } from "@std/assert";
import { float32, type Tensor } from "../../../core/engine/graph/tensor.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { nearestNeighbors } from "../../../core/evaluate/nearest_neighbors.ts";
import { similarityRows } from "../../../core/evaluate/similarities.ts";

function drawn(name: string, rows: number, width: number): Tensor<"float32"> {
  const random = new RandomStream(3, name);
  return float32([rows, width], Array.from({ length: rows * width }, () => random.normal()));
}

Deno.test("nearestNeighbors() finds what sorting finds", async () => {
  const [bank, queries] = [drawn("bank", 70, 3), drawn("queries", 9, 3)];
  const { indices } = await nearestNeighbors(bank, queries, { k: 25 });
  for await (const { query, similarities } of similarityRows(bank, queries)) {
    const order = Array.from(similarities.keys())
      .sort((a, b) => similarities[b]! - similarities[a]! || a - b);
    assertEquals([...indices.subarray(query * 25, (query + 1) * 25)], order.slice(0, 25));
  }
});

Deno.test("nearestNeighbors() goes through a bank in blocks, and finds what sorting all of it finds", async () => {
  // Three blocks of the bank, and two of the queries within each.
  const bank = drawn("large bank", 17_000, 2);
  const queries = drawn("queries", 900, 2);
  for (const distance of ["cosine", "euclidean"] as const) {
    const excluded = (query: number) => [0, 8191 + query, 16_999 - query];
    const { indices, similarities } = await nearestNeighbors(bank, queries, {
      ...{ k: 7, excluded, distance },
    });
    let row = 0;
    for await (const { similarities: all } of similarityRows(bank, queries, { distance })) {
      const query = row++;
      if (query % 149 !== 0) continue;
      for (const index of excluded(query)) all[index] = -Infinity;
      const order = Array.from(all.keys()).sort((a, b) => all[b]! - all[a]! || a - b).slice(0, 7);
      assertEquals([...indices.subarray(query * 7, query * 7 + 7)], order, `query ${query}`);
      assertEquals(
        [...similarities.subarray(query * 7, query * 7 + 7)],
        order.map((index) => all[index]!),
      );
    }
    assertEquals(row, 900);
  }
  const damaged = float32([9000, 1], Array.from({ length: 9000 }, (_, i) => i === 8999 ? NaN : 1));
  await assertRejects(
    () => nearestNeighbors(damaged, float32([1, 1], [1]), { k: 1 }),
    RangeError,
    "found a norm of NaN in row 8999",
  );
});

Deno.test("nearestNeighbors() prefers the first of equals, and leaves out the query itself", async () => {
  const bank = float32([5, 1], [1, 2, -1, 3, 4]);
  const all = await nearestNeighbors(bank, bank, { k: 4 });
  assertEquals([...all.indices.subarray(0, 4)], [0, 1, 3, 4]);
  assertEquals([...all.indices.subarray(8, 12)], [2, 0, 1, 3]);
  const others = await nearestNeighbors(bank, bank, {
    k: 4,
    excluded: (query) => [query],
  });
  assertEquals([...others.indices.subarray(0, 4)], [1, 3, 4, 2]);
  assertEquals([...others.indices.subarray(8, 12)], [0, 1, 3, 4]);
});

Deno.test("nearestNeighbors() leaves out all rows that are the query, and asks for k others", async () => {
  const bank = float32([4, 1], [1, 2, -1, 3]);
  const query = float32([1, 1], [2]);
  const excluded = () => [0, 3];
  const { indices } = await nearestNeighbors(bank, query, { k: 2, excluded });
  assertEquals([...indices], [1, 2]);
  await assertRejects(
    () => nearestNeighbors(bank, query, { k: 3, excluded }),
    RangeError,
    "k must be an integer in [1, 2], found 3",
  );
});
