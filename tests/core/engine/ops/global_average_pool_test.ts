import { assertEquals, assertThrows } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { constant, input } from "../../../../core/engine/graph/value.ts";
import { globalAveragePool } from "../../../../core/engine/ops/global_average_pool.ts";
import { runGraph } from "../../../run_graph.ts";
import { counted } from "./window_golden.ts";

Deno.test("globalAveragePool() averages each channel and spreads its gradient evenly", async () => {
  const x = input("x", "float32", [1, 2, 2, 2]);
  const y = globalAveragePool(x);
  const [dx] = gradients(y, [x], { seed: constant(float32([1, 2], [4, 8])) });
  const results = await runGraph({ y, dx: dx! }, { x: counted([1, 2, 2, 2], 8) });
  assertEquals(results.y, float32([1, 2], [2.5, 6.5]));
  assertEquals(results.dx, float32([1, 2, 2, 2], [1, 1, 1, 1, 2, 2, 2, 2]));
});

Deno.test("globalAveragePool() keeps the spatial axes if told", () => {
  const images = input("x", "float32", [3, 2, 4, 5]);
  assertEquals(globalAveragePool(images, { keepDims: true }).shape, [3, 2, 1, 1]);
  assertEquals(globalAveragePool(input("x", "float32", [3, 2, 4])).shape, [3, 2]);
  assertThrows(() => globalAveragePool(input("x", "float32", [3, 2])), RangeError, "3 or 4 axes");
});
