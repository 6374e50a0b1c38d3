import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { feedForward } from "../../../../core/engine/nn/feed_forward.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { runGraph } from "../../../run_graph.ts";

Deno.test("feedForward() maps, applies the exact GELU and maps back", async () => {
  const y = feedForward(new Scope(), "mlp", input("x", "float32", [1, 1, 1]), { hidden: 2 });
  const results = await runGraph({ y }, {
    x: float32([1, 1, 1], [1]),
    "mlp.fc1.weight": float32([2, 1], [1, -1]),
    "mlp.fc1.bias": float32([2], [0, 0]),
    "mlp.fc2.weight": float32([1, 2], [1, 10]),
    "mlp.fc2.bias": float32([1], [100]),
  });
  assertEquals(results.y!.shape, [1, 1, 1]);
  // gelu(1) = Phi(1) = 0.8413447 and gelu(-1) = -0.1586553.
  assertAlmostEquals(Number(results.y!.data[0]!), 100 + 0.8413447 - 1.586553, 1e-4);
});

Deno.test("feedForward() starts as timm's: normal weights of deviation 0.02, biases at zero", () => {
  const scope = new Scope();
  feedForward(scope, "mlp", input("x", "float32", [1, 64]), { hidden: 256 });
  const initial = scope.initialize(0);
  for (const name of ["mlp.fc1", "mlp.fc2"]) {
    const weight = initial.get(`${name}.weight`)!.data as Float32Array;
    const deviation = Math.sqrt(weight.reduce((sum, x) => sum + x * x, 0) / weight.length);
    assert(Math.abs(deviation / 0.02 - 1) < 0.03, `${name} has the deviation ${deviation}`);
    assert(initial.get(`${name}.bias`)!.data.every((value) => value === 0));
  }
});
