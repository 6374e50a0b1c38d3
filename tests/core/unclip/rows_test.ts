import { assertEquals } from "@std/assert";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { batchRows, gatherRows } from "../../../core/unclip/rows.ts";

Deno.test("batchRows() takes the last row again where there are too few", () => {
  assertEquals(batchRows(0, 3, 5), [0, 1, 2]);
  assertEquals(batchRows(3, 3, 5), [3, 4, 4]);
});

Deno.test("gatherRows() copies rows in the order of their numbers", () => {
  const value = float32([3, 1, 2], [1, 2, 3, 4, 5, 6]);
  assertEquals(gatherRows(value, [2, 0, 2]), float32([3, 1, 2], [5, 6, 1, 2, 5, 6]));
});
