import { assertEquals, assertThrows } from "@std/assert";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { normalizeRows } from "../../../core/evaluate/normalize_rows.ts";

Deno.test("normalizeRows() divides rows by their norms and keeps zeros", () => {
  const { data } = normalizeRows(float32([3, 2], [3, 4, 0, 0, 0, -2]));
  assertEquals(data, Float32Array.of(0.6, 0.8, 0, 0, 0, -1));
});

Deno.test("normalizeRows() refuses what is no matrix, and what is not finite", () => {
  assertThrows(() => normalizeRows(float32([2], [1, 2])), RangeError, "found float32[2]");
  const broken = float32([2, 2], [1, 2, NaN, 1]);
  assertThrows(() => normalizeRows(broken), RangeError, "found a norm of NaN in row 1");
});
