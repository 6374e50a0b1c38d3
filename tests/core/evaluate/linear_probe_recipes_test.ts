import { assertAlmostEquals } from "@std/assert";
import { LINEAR_PROBE_RECIPES } from "../../../core/evaluate/linear_probe_recipes.ts";

Deno.test("LINEAR_PROBE_RECIPES has the published learning rates by 256 rows", () => {
  const published = {
    "lars": 0.1,
    "moco-v3-resnet": 0.1,
    "moco-v3-vit": 3,
    "moco-v2": 30,
    "swav": 0.3,
    "lightly": 0.1,
  };
  for (const [name, rate] of Object.entries(published)) {
    const { learningRate, batchSize } = LINEAR_PROBE_RECIPES[name]!;
    assertAlmostEquals(learningRate * 256 / batchSize, rate, 1e-12);
  }
});
