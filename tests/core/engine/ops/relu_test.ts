import { assertEquals } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { withTarget } from "../../../../core/engine/graph/target.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { mul } from "../../../../core/engine/ops/mul.ts";
import { reduceSum } from "../../../../core/engine/ops/reduce_sum.ts";
import { relu } from "../../../../core/engine/ops/relu.ts";
import { runGraph } from "../../../run_graph.ts";

for (const provider of ["cpu", "cuda", "webgpu"] as const) {
  Deno.test(`relu() for ${provider} passes gradients on where it is above zero`, async () => {
    const [x, w] = [input("x", "float32", [5]), input("w", "float32", [5])];
    const y = withTarget({ provider }, () => relu(x));
    const [dx] = gradients(reduceSum(mul(y, w)), [x]);
    const results = await runGraph({ y, dx: dx! }, {
      x: float32([5], [-2, -0, 0, 1e-30, 3]),
      w: float32([5], [1, 2, 3, 4, 5]),
    });
    assertEquals([...results.dx!.data], [0, 0, 0, 4, 5]);
    assertEquals([...results.y!.data].map(Number)[4], 3);
  });
}

Deno.test("relu() for CUDA stops infinite gradients below zero, as PyTorch does", async () => {
  const [x, w] = [input("x", "float32", [2]), input("w", "float32", [2])];
  const [dx] = gradients(reduceSum(mul(withTarget({ provider: "cuda" }, () => relu(x)), w)), [x]);
  const results = await runGraph({ dx: dx! }, {
    x: float32([2], [-1, 1]),
    w: float32([2], [Infinity, Infinity]),
  });
  assertEquals([...results.dx!.data], [0, Infinity]);
});
