import { assert, assertEquals } from "@std/assert";
import { areFinite, finiteRows } from "../../../../core/engine/graph/finite.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";

Deno.test("areFinite() finds a single NaN or infinity", () => {
  const values = new Float32Array(1000).fill(3e38);
  assert(areFinite(values));
  for (const value of [NaN, Infinity, -Infinity]) {
    assert(!areFinite(values.with(999, value)));
  }
});

Deno.test("finiteRows() of no rows are none", () => {
  assertEquals(finiteRows(float32([0, 3], [])), []);
  assertEquals(finiteRows(float32([2, 1], [-0, Infinity])), [true, false]);
});
