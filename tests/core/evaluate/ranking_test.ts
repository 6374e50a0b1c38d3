import { assertEquals } from "@std/assert";
import { largestOf, rankOf } from "../../../core/evaluate/ranking.ts";

Deno.test("rankOf() counts what is larger, and equals that come before", () => {
  const values = [3, 1, 4, 1, 5, 1];
  assertEquals(values.map((_, i) => rankOf(values, i)), [2, 3, 1, 4, 0, 5]);
});

Deno.test("largestOf() gives the first of the largest, however many there are", () => {
  assertEquals(largestOf([3, 5, 4, 5]), 1);
  const many = new Float32Array(300_000);
  assertEquals(largestOf(many), 0);
  many[299_999] = 1;
  assertEquals(largestOf(many), 299_999);
});
