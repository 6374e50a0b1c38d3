import { assertAlmostEquals, assertEquals } from "@std/assert";
import { float32, tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { groupNorm } from "../../../../core/engine/nn/group_norm.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { runGraph } from "../../../run_graph.ts";

Deno.test("groupNorm() normalises each group of channels, then scales and shifts each channel", async () => {
  const x = input("x", "float32", [1, 4, 1, 1]);
  const y = groupNorm(new Scope(), "norm", x, { groups: 2, epsilon: 3 });
  const results = await runGraph({ y }, {
    x: float32([1, 4, 1, 1], [1, 3, 10, 10]),
    "norm.weight": float32([4], [2, 4, 1, 1]),
    "norm.bias": float32([4], [0, 1, 5, 6]),
  });
  // Means 2 and 10, variances 1 and 0, of which epsilon makes 4 and 3.
  [-1, 3, 5, 6].forEach((value, i) => assertAlmostEquals(Number(results.y!.data[i]!), value, 1e-5));
});

Deno.test("groupNorm() has one scale and one offset a channel", () => {
  const scope = new Scope();
  groupNorm(scope, "norm", input("x", "float32", [2, 8, 4, 4]), { groups: 4 });
  assertEquals(scope.initialize(0).get("norm.weight"), float32([8], new Array(8).fill(1)));
  assertEquals(scope.initialize(0).get("norm.bias"), float32([8], new Array(8).fill(0)));
});

Deno.test("groupNorm() takes the statistics of float16 in float32", async () => {
  const x = input("x", "float16", [1, 2, 1, 2]);
  const y = groupNorm(new Scope({ dtype: "float16" }), "norm", x, { groups: 1 });
  const results = await runGraph({ y }, {
    // Squares of 1024 are beyond float16.
    x: tensor("float16", [1, 2, 1, 2], Float16Array.of(1024, -1024, 1024, -1024)),
    "norm.weight": tensor("float16", [2], Float16Array.of(1, 2)),
    "norm.bias": tensor("float16", [2], Float16Array.of(0, 0.5)),
  });
  assertEquals(results.y!.dtype, "float16");
  assertEquals(Array.from(results.y!.data, Number), [1, -1, 2.5, -1.5]);
});
