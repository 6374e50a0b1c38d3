import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { checkViewRecipe } from "../../../core/data/views/check_recipe.ts";
import { evaluationView } from "../../../core/data/views/presets.ts";
import {
  describeFineTuning,
  fineTuningRecipe,
} from "../../../core/evaluate/fine_tuning_recipes.ts";
import { supervisedView } from "../../../core/evaluate/supervised_view.ts";

Deno.test("mmpretrain's ViT recipe augments as its configuration says, by the images' statistics", () => {
  const recipe = fineTuningRecipe("vit", 1);
  const view = supervisedView(evaluationView(224), recipe);
  assertEquals(view.randAugment, {
    layers: 2,
    magnitude: 9,
    deviation: 0.5,
    fill: [124, 116, 104],
  });
  const { probability, mean, std } = view.noiseErasing!;
  assertEquals(probability, 0.25);
  for (const [i, level] of [123.675, 116.28, 103.53].entries()) {
    assertAlmostEquals(mean![i]!, level);
  }
  for (const [i, level] of [58.395, 57.12, 57.375].entries()) assertAlmostEquals(std![i]!, level);
  assertEquals(checkViewRecipe(JSON.parse(JSON.stringify(view))), view);
  const text = describeFineTuning(recipe, { batchSize: 512, deviceBatchSize: 64, epochs: 150 });
  assertStringIncludes(
    text,
    "RandAugment of 2 operations by 9 ± 0.5, erasing with noise 0.25, mixup 0.8 or cutmix 1",
  );
  assertStringIncludes(
    text,
    "batch 512 in parts of 64, within each of which batch norm normalises, 150 epochs",
  );
});

Deno.test("recipes of ResNets crop and flip alone", () => {
  for (const name of ["swav", "simclr", "barlow-twins"]) {
    const view = supervisedView(evaluationView(224), fineTuningRecipe(name, 0.1));
    assertEquals(Object.keys(view), ["size", "crop", "flip", "normalize"], name);
  }
});
