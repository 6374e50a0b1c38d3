import { assertEquals, assertThrows } from "@std/assert";
import {
  checkEvaluationRecipe,
  checkViewRecipe,
} from "../../../../core/data/views/check_recipe.ts";
import type { ViewRecipe } from "../../../../core/data/views/recipe.ts";
import { evaluationView, mocoV3ResNetViews } from "../../../../core/data/views/presets.ts";

Deno.test("checkViewRecipe() names every field that is wrong", () => {
  const recipe = {
    ...mocoV3ResNetViews()[1],
    size: 22.5,
    crop: { area: [0.5, 0.2], aspect: [0, 1], interpolation: "nearest" },
    flip: 2,
    blur: { probability: 0.5, sigma: [0.1] },
    jitter: undefined,
    solarise: { probability: 1 },
  };
  const error = assertThrows(() => checkViewRecipe(recipe, "views.left"), TypeError);
  assertEquals(error.message.split("; ").toSorted(), [
    'Cannot use a recipe: views.left.solarise is not known: did you mean "solarize"?',
    "views.left.blur.sigma must NOT have fewer than 2 items, found [0.1]",
    "views.left.crop.aspect.0 must be > 0, found 0",
    'views.left.crop.interpolation must be equal to one of the allowed values bilinear, bicubic, found "nearest"',
    "views.left.flip must be <= 1, found 2",
    "views.left.size must be integer, found 22.5",
  ]);
  assertThrows(
    () => checkViewRecipe({ ...mocoV3ResNetViews()[1], blur: { probability: 1, sigma: [2, 1] } }),
    TypeError,
    "recipe.blur.sigma must rise, found [2,1]",
  );
});

Deno.test("checkViewRecipe() rejects what is no object, or lacks a field", () => {
  assertThrows(() => checkViewRecipe(null), TypeError, "recipe must be object, found null");
  const { normalize: _, ...recipe } = mocoV3ResNetViews()[0];
  assertThrows(
    () => checkViewRecipe(recipe),
    TypeError,
    "recipe must have required property 'normalize'",
  );
});

Deno.test("checkViewRecipe() checks each step by its own schema", () => {
  const recipe = mocoV3ResNetViews()[0];
  const erasing = { probability: 0.3, scale: [0.02, 0.2], ratio: [0.5, 2], value: [0, 1, 2] };
  for (
    const steps of [
      { rotation: { degrees: 10 } },
      { rotation: { degrees: [-20, 10], interpolation: "bilinear", fill: 128 }, erasing },
      { erasing: {} },
      { erasing: { value: 0.5 }, rotation: { degrees: [0, 0], fill: [1, 2, 3] } },
    ]
  ) {
    assertEquals(checkViewRecipe({ ...recipe, ...steps }), { ...recipe, ...steps } as ViewRecipe);
  }
  for (
    const steps of [
      { rotation: { degrees: -10 } },
      { rotation: { degrees: [10, -20] } },
      { rotation: { degrees: 10, expand: true } },
      { erasing: { scale: [0.2, 1.5] } },
      { erasing: { value: [1, 2] } },
      { erasing: { value: "random" } },
    ]
  ) {
    assertThrows(() => checkViewRecipe({ ...recipe, ...steps }), TypeError, "Cannot use a recipe");
  }
});

Deno.test("checkEvaluationRecipe() wants the shorter side to cover the view", () => {
  assertThrows(
    () => checkEvaluationRecipe({ ...evaluationView(224), shorterSide: 200 }),
    TypeError,
    "recipe.shorterSide must be at least the size 224, found 200",
  );
});
