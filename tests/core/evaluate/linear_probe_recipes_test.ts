import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  LINEAR_PROBE_RECIPES,
  linearProbeRecipe,
  probeLearningRate,
} from "../../../core/evaluate/linear_probe_recipes.ts";

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

Deno.test("each recipe's learning rate follows its published course", () => {
  // Rates of epochs 0, 1, half of the course and its last, at the recipe's own batch.
  const courses = {
    A: [1.6, 1.5995127, 0.8, 4.873e-4],
    B: [0.4, 0.3998782, 0.2, 1.218e-4],
    C: [12, 11.9963453, 6, 3.6547e-3],
    D: [30, 30, 30, 0.3],
    E: [0.3, 0.2999260, 0.15, 7.4e-5],
    F: [0.1, 0.0999695, 0.05, 3.046e-5],
  };
  for (const [letter, rates] of Object.entries(courses)) {
    const { recipe } = linearProbeRecipe(letter);
    const { epochs, batchSize } = recipe;
    const stepsPerEpoch = 7;
    const totalSteps = epochs * stepsPerEpoch;
    const rate = probeLearningRate(recipe, { batchSize, totalSteps, stepsPerEpoch });
    [0, 1, epochs / 2, epochs - 1].forEach((epoch, i) => {
      const first = rate(epoch * stepsPerEpoch);
      assertAlmostEquals(first / rates[i]!, 1, 1e-3, `${letter}, epoch ${epoch}`);
      assertEquals(rate(epoch * stepsPerEpoch + 6), first, "the rate is that of the epoch");
    });
    const half = probeLearningRate(recipe, { batchSize: batchSize / 2, totalSteps, stepsPerEpoch });
    assertAlmostEquals(half(0), rates[0]! / 2, 1e-12);
  }
  const { recipe } = linearProbeRecipe("D");
  const rate = probeLearningRate(recipe, { batchSize: 256, totalSteps: 1000, stepsPerEpoch: 10 });
  const rates = [599, 600, 799, 800].map(rate);
  [30, 3, 3, 0.3].forEach((expected, i) => assertAlmostEquals(rates[i]!, expected, 1e-12));
});

Deno.test("linearProbeRecipe() takes a letter or a name", () => {
  assertEquals(linearProbeRecipe("C"), linearProbeRecipe("moco-v3-vit"));
  assertThrows(() => linearProbeRecipe("lar"), TypeError, 'the nearest is "lars"');
});
