import { assertEquals, assertThrows } from "@std/assert";
import {
  checkEvaluationRecipe,
  checkViewRecipe,
} from "../../../../core/data/views/check_recipe.ts";
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
  assertEquals(error.message.split("; "), [
    "Cannot use a recipe: views.left.size must be an integer of at least 1, found 22.5",
    "views.left.crop.area must rise, found [0.5,0.2]",
    `views.left.crop.aspect[0] must be a number above 0 and at most ${Number.MAX_VALUE}, found 0`,
    'views.left.crop.interpolation must be "bilinear" or "bicubic", found "nearest"',
    "views.left.flip must be a number at least 0 and at most 1, found 2",
    "views.left.blur.sigma must be a list of two numbers, found [0.1]",
    "views.left.solarise is not known",
    "known are size, crop, flip, normalize, jitter, grayscale, blur, solarize",
  ]);
});

Deno.test("checkViewRecipe() rejects what is no object, or lacks a field", () => {
  assertThrows(() => checkViewRecipe(null), TypeError, "recipe must be an object, found null");
  const { normalize: _, ...recipe } = mocoV3ResNetViews()[0];
  assertThrows(
    () => checkViewRecipe(recipe),
    TypeError,
    "recipe.normalize must be an object, found nothing",
  );
});

Deno.test("checkEvaluationRecipe() wants the shorter side to cover the view", () => {
  assertThrows(
    () => checkEvaluationRecipe({ ...evaluationView(224), shorterSide: 200 }),
    TypeError,
    "recipe.shorterSide must be at least the size 224, found 200",
  );
});
