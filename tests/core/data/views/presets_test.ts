import { assertEquals } from "@std/assert";
import {
  checkEvaluationRecipe,
  checkViewRecipe,
} from "../../../../core/data/views/check_recipe.ts";
import * as presets from "../../../../core/data/views/presets.ts";
import type { ViewRecipe } from "../../../../core/data/views/recipe.ts";

/** The columns of the table of published pipelines. */
function row(recipe: ViewRecipe): unknown[] {
  const { crop, jitter, grayscale, blur, solarize } = recipe;
  return [
    recipe.size,
    ...crop.area,
    crop.interpolation,
    jitter &&
    [jitter.probability, jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue],
    grayscale,
    blur?.probability,
    solarize?.probability,
  ];
}

const V3 = [0.8, 0.4, 0.4, 0.2, 0.1];
const SWAV = [0.8, 0.8, 0.8, 0.8, 0.2];
const V2 = [0.8, 0.4, 0.4, 0.4, 0.1];
const none = undefined;

Deno.test("presets are the published pipelines", () => {
  const [v3First, v3Second] = presets.mocoV3ResNetViews();
  const [vitFirst, vitSecond] = presets.mocoV3ViTViews();
  const [byolFirst, byolSecond] = presets.byolViews();
  const bicubic = "bicubic";
  const bilinear = "bilinear";
  assertEquals(row(presets.mocoV2View()), [224, 0.2, 1, bilinear, V2, 0.2, 0.5, none]);
  assertEquals(row(v3First), [224, 0.2, 1, bilinear, V3, 0.2, 1, none]);
  assertEquals(row(v3Second), [224, 0.2, 1, bilinear, V3, 0.2, 0.1, 0.2]);
  assertEquals(row(vitFirst), [224, 0.08, 1, bilinear, V3, 0.2, 1, none]);
  assertEquals(row(vitSecond), [224, 0.08, 1, bilinear, V3, 0.2, 0.1, 0.2]);
  assertEquals(row(byolFirst), [224, 0.08, 1, bicubic, V3, 0.2, 1, none]);
  assertEquals(row(byolSecond), [224, 0.08, 1, bicubic, V3, 0.2, 0.1, 0.2]);
  assertEquals(row(presets.swavGlobalView()), [224, 0.14, 1, bilinear, SWAV, 0.2, 0.5, none]);
  assertEquals(row(presets.swavLocalView()), [96, 0.05, 0.14, bilinear, SWAV, 0.2, 0.5, none]);
  assertEquals(row(presets.smallImageView()), [32, 0.2, 1, bilinear, V2, 0.2, none, none]);
  for (const views of [presets.barlowTwinsViews(), presets.vicRegViews()]) {
    assertEquals(views.map(row), [row(byolFirst), row(byolSecond)]);
  }
  assertEquals(row(presets.simClrView()), [224, 0.08, 1, bicubic, SWAV, 0.2, 0.5, none]);
  assertEquals(row(presets.simClrSmallView()), [32, 0.08, 1, bicubic, V2, 0.2, none, none]);
  assertEquals(presets.dinoGlobalViews().map(row), [
    [224, 0.4, 1, bicubic, V3, 0.2, 1, none],
    [224, 0.4, 1, bicubic, V3, 0.2, 0.1, 0.2],
  ]);
  assertEquals(row(presets.dinoLocalView()), [96, 0.05, 0.4, bicubic, V3, 0.2, 0.5, none]);
  const mild = [0.8, 0.2, 0.2, 0.2, 0.02];
  assertEquals(row(presets.mildView()), [32, 0.3, 1, bilinear, mild, 0, none, none]);
  assertEquals(row(presets.mildLocalView()), [16, 0.1, 0.3, bilinear, mild, 0, none, none]);
});

Deno.test("presets pass the check, survive JSON, and take size and statistics", () => {
  const normalize = presets.CLIP_NORMALIZATION;
  const recipes = [
    presets.mocoV2View(64, { normalize }),
    ...presets.mocoV3ResNetViews(64, { normalize }),
    ...presets.mocoV3ViTViews(64, { normalize }),
    ...presets.byolViews(64, { normalize }),
    presets.swavGlobalView(64, { normalize }),
    presets.swavLocalView(64, { normalize }),
    presets.smallImageView(64, { normalize }),
    ...presets.barlowTwinsViews(64, { normalize }),
    ...presets.vicRegViews(64, { normalize }),
    presets.simClrView(64, { normalize }),
    presets.simClrSmallView(64, { normalize }),
    ...presets.dinoGlobalViews(64, { normalize }),
    presets.dinoLocalView(64, { normalize }),
    presets.mildView(64, { normalize }),
    presets.mildLocalView(64, { normalize }),
  ];
  for (const recipe of recipes) {
    assertEquals(checkViewRecipe(JSON.parse(JSON.stringify(recipe))), recipe);
    assertEquals([recipe.size, recipe.normalize], [64, normalize]);
  }
  const evaluation = presets.evaluationView(64, { normalize });
  assertEquals(checkEvaluationRecipe(evaluation).shorterSide, 73);
  assertEquals(presets.evaluationView().shorterSide, 256);
});
