import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { float32, zeros } from "../../../core/engine/graph/tensor.ts";
import { similarityRows } from "../../../core/evaluate/similarities.ts";

Deno.test("similarityRows() gives the cosines of all pairs", async () => {
  const bank = float32([3, 2], [2, 0, 0, 0.5, -3, -3]);
  const queries = float32([2, 2], [7, 0, 0, 0]);
  const rows: number[][] = [];
  for await (const { similarities } of similarityRows(bank, queries)) rows.push([...similarities]);
  assertAlmostEquals(rows[0]![2]!, -Math.SQRT1_2, 1e-6);
  assertEquals(rows[0]!.slice(0, 2), [1, 0]);
  assertEquals(rows[1]!.map(Math.abs), [0, 0, 0]);
});

Deno.test("similarityRows() goes through the queries in parts that fit", async () => {
  // 6 million similarities do not fit at once: 833 queries, and then 167.
  const bank = zeros("float32", [6000, 1]);
  bank.data.fill(1);
  const queries = float32([1000, 1], Array.from({ length: 1000 }, (_, i) => i % 3 - 1));
  let next = 0;
  for await (const { query, similarities } of similarityRows(bank, queries)) {
    assertEquals(query, next++);
    assertEquals([similarities[0], similarities[5999]], Array(2).fill(query % 3 - 1));
  }
  assertEquals(next, 1000);
});

Deno.test("similarityRows() refuses features of different widths", async () => {
  const rows = similarityRows(zeros("float32", [2, 3]), zeros("float32", [2, 4]));
  await assertRejects(() => rows.next(), RangeError, "found float32[2,4] and float32[2,3]");
});
