import { assertEquals } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { constant, input } from "../../../../core/engine/graph/value.ts";
import { batchNormalizationInference } from "../../../../core/engine/ops/batch_normalization_inference.ts";
import { runGraph } from "../../../run_graph.ts";
import { compareWithGolden, counted } from "./window_golden.ts";

Deno.test("batchNormalizationInference() and its gradients are PyTorch's", async () => {
  await compareWithGolden("batch norm inference", ({ x, scale, bias, mean, variance }) => ({
    y: batchNormalizationInference(x!, {
      scale: scale!,
      bias: bias!,
      mean: mean!,
      variance: variance!,
    }),
  }), { differentiated: ["x", "scale", "bias"] });
});

Deno.test("batchNormalizationInference() needs neither scale nor bias", async () => {
  const x = input("x", "float32", [2, 2]);
  const mean = constant(float32([2], [1, 2]));
  const variance = constant(float32([2], [4, 16]));
  const y = batchNormalizationInference(x, { mean, variance, epsilon: 0 });
  const results = await runGraph({ y }, { x: counted([2, 2], 4) });
  assertEquals([...results.y!.data], [0, 0, 1, 0.5]);
});
