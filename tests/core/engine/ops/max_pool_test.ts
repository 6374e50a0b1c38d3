import { assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../../core/engine/graph/value.ts";
import { maxPool, type MaxPoolOptions } from "../../../../core/engine/ops/max_pool.ts";
import { addZeros, compareWithGolden, goldenCases } from "./window_golden.ts";

for (const [name, options] of Object.entries(await goldenCases("max_pools"))) {
  Deno.test(`maxPool() and its gradient are PyTorch's: ${name}`, async () => {
    await compareWithGolden(name, ({ x }) => ({
      y: addZeros(maxPool(x!, options as MaxPoolOptions)),
    }));
  });
}

Deno.test("maxPool() strides by its kernel unless told", () => {
  const x = input("x", "float32", [1, 2, 9, 8]);
  assertEquals(maxPool(x, { kernel: 2 }).shape, [1, 2, 4, 4]);
  assertEquals(maxPool(x, { kernel: 2, ceil: true }).shape, [1, 2, 5, 4]);
  assertEquals(maxPool(x, { kernel: [3, 2], strides: 1 }).shape, [1, 2, 7, 7]);
});

Deno.test("maxPool() names what does not fit", () => {
  const x = input("x", "float32", [1, 2, 4, 8]);
  assertThrows(
    () => maxPool(x, { kernel: 3, pads: 2 }),
    RangeError,
    "pads must be at most half the kernel of 3, found 2",
  );
  assertThrows(() => maxPool(x, { kernel: 5 }), RangeError, "a window of 5 and an input of 4");
  assertThrows(() => maxPool(x, { kernel: [2] }), RangeError, "kernel must be 2 integers");
});
