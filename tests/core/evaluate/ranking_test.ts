import { assertEquals } from "@std/assert";
import { rankOf } from "../../../core/evaluate/ranking.ts";

Deno.test("rankOf() counts what is larger, and equals that come before", () => {
  const values = [3, 1, 4, 1, 5, 1];
  assertEquals(values.map((_, i) => rankOf(values, i)), [2, 3, 1, 4, 0, 5]);
});
