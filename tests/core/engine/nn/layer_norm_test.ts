import { assertAlmostEquals, assertEquals } from "@std/assert";
import { nodesLeadingTo } from "../../../../core/engine/graph/node.ts";
import { float32, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
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

Deno.test("layerNorm() takes the statistics of float16 in float32", async () => {
  const y = layerNorm(new Scope({ dtype: "float16" }), "norm", input("x", "float16", [1, 4]));
  assertEquals(y.dtype, "float16");
  const vector = (value: number) => tensor("float16", [4], new Float16Array(4).fill(value));
  // Squares of 1024 are beyond float16.
  const results = await runGraph({ y }, {
    x: tensor("float16", [1, 4], Float16Array.of(1024, -1024, 1024, -1024)),
    "norm.weight": vector(1),
    "norm.bias": vector(0.5),
  });
  assertEquals(Array.from(results.y!.data, Number), [1.5, -0.5, 1.5, -0.5]);
  const averages = nodesLeadingTo([y], true).filter(({ op }) => op.type === "ReduceMean");
  assertEquals(averages.map(({ inputs }) => inputs.x!.dtype), ["float32", "float32"]);
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
