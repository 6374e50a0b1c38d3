import { assertAlmostEquals, assertEquals } from "@std/assert";
import { float32, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { layerNorm, layerNorm2d } from "../../../../core/engine/nn/layer_norm.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { runGraph } from "../../../run_graph.ts";

function assertNear(actual: Tensor, expected: readonly number[]): void {
  assertEquals(actual.data.length, expected.length);
  expected.forEach((value, i) => assertAlmostEquals(Number(actual.data[i]!), value, 1e-5));
}

Deno.test("layerNorm() normalises the last axis, scales and shifts", async () => {
  const y = layerNorm(new Scope(), "norm", input("x", "float32", [2, 2]), { epsilon: 3 });
  const results = await runGraph({ y }, {
    x: float32([2, 2], [1, 3, 0, 0]),
    "norm.weight": float32([2], [2, 4]),
    "norm.bias": float32([2], [0, 1]),
  });
  // Mean 2 and variance 1, which epsilon makes 4.
  assertNear(results.y!, [-1, 3, 0, 1]);
});

Deno.test("layerNorm2d() normalises each pixel over its channels", async () => {
  const y = layerNorm2d(new Scope(), "norm", input("x", "float32", [1, 2, 1, 2]), { epsilon: 3 });
  const results = await runGraph({ y }, {
    x: float32([1, 2, 1, 2], [1, 0, 3, 0]),
    "norm.weight": float32([2], [2, 4]),
    "norm.bias": float32([2], [0, 1]),
  });
  assertEquals(results.y!.shape, [1, 2, 1, 2]);
  assertNear(results.y!, [-1, 0, 3, 1]);
});

Deno.test("layerNorm() starts at scale 1 and offset 0", () => {
  const scope = new Scope();
  layerNorm(scope, "norm", input("x", "float32", [2, 3]));
  assertEquals(scope.initialize(0).get("norm.weight"), float32([3], [1, 1, 1]));
  assertEquals(scope.initialize(0).get("norm.bias"), float32([3], [0, 0, 0]));
});
