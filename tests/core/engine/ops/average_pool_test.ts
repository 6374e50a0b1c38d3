import { assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../../core/engine/graph/value.ts";
import { averagePool, type AveragePoolOptions } from "../../../../core/engine/ops/average_pool.ts";
import { addZeros, compareWithGolden, goldenCases } from "./window_golden.ts";

for (const [name, given] of Object.entries(await goldenCases("average_pools"))) {
  Deno.test(`averagePool() and its gradient are PyTorch's: ${name}`, async () => {
    const { count_include_pad: countIncludePad = true, ...options } = given;
    await compareWithGolden(name, ({ x }) => ({
      y: addZeros(averagePool(x!, { ...options, countIncludePad } as AveragePoolOptions)),
    }));
  });
}

Deno.test("averagePool() strides by its kernel unless told", () => {
  const x = input("x", "float32", [1, 2, 9, 8]);
  assertEquals(averagePool(x, { kernel: 2 }).shape, [1, 2, 4, 4]);
  assertEquals(averagePool(x, { kernel: 2, ceil: true }).shape, [1, 2, 5, 4]);
  assertEquals(averagePool(x, { kernel: 2, strides: 1, pads: 1 }).shape, [1, 2, 10, 9]);
});

Deno.test("averagePool() names what does not fit", () => {
  const x = input("x", "float32", [1, 2, 4, 8]);
  assertThrows(() => averagePool(x, { kernel: 2, pads: 2 }), RangeError, "at most half the kernel");
  assertThrows(() => averagePool(x, { kernel: [4, 9] }), RangeError, "along spatial axis 1");
});
