import { assertEquals, assertRejects } from "@std/assert";
import { UnreadableImageError } from "../../../core/data/mod.ts";
import { DEFAULT_CONFIGURATION } from "../../../core/method/configuration.ts";
import { openData } from "../../../core/data/mod.ts";
import {
  CLIP_NORMALIZATION,
  evaluationRecipe,
  smallImageView,
} from "../../../core/data/views/presets.ts";
import {
  configuredEvaluation,
  configuredRecipe,
  evaluationOf,
} from "../../../core/evaluate/configured_evaluation.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { colors, placedBackbone } from "./colored_images.ts";
import { SIZE } from "../train/small_methods.ts";
import { drawPictures } from "../../tasks/square_pictures.ts";

const CONFIGURATION = { ...DEFAULT_CONFIGURATION, imageSize: SIZE, threads: 1 };

Deno.test("configuredRecipe() cuts images to the size of the global views, also where those are spelled out", () => {
  const normalize = CLIP_NORMALIZATION;
  const views = [smallImageView(48, { normalize }), smallImageView(24, { normalize })];
  const recipe = configuredRecipe({ imageSize: 224, views });
  assertEquals(recipe, evaluationRecipe(48, normalize));
  assertEquals(configuredRecipe({ imageSize: 96, views: "swav" }).size, 96);
});

Deno.test("evaluationOf() evaluates by as many neighbours as there are, and says so once", async () => {
  using stack = new DisposableStack();
  const bank = colors("bank", ["green", "red"], { each: 3 });
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const evaluate = await evaluationOf(bank, bank, CONFIGURATION, { onWarning });
  for (let evaluation = 0; evaluation < 2; evaluation++) {
    const { knnTop1 } = await evaluate(placedBackbone(stack));
    assertEquals(knnTop1, 1);
  }
  assertEquals(warnings, [
    "6 of 6 evaluation images are training images too; each is left out of its own neighbours",
    "Evaluated by 5 neighbours, all there are, instead of 20",
  ]);
});

Deno.test("evaluationOf() warns once in a run of an image that cannot be read, or ends a strict one", () =>
  withFolder(async (path) => {
    await drawPictures(path("images"));
    await Deno.writeTextFile(path("images/cats/broken.png"), "nothing");
    using stack = new DisposableStack();
    const images = await openData(path("images"), { redraw: false });
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    const run = placedBackbone(stack);
    const evaluate = await evaluationOf(images, images, CONFIGURATION, { onWarning });
    await evaluate(run);
    await evaluate(run);
    assertEquals(warnings.filter((message) => message.includes("broken.png")).length, 1);
    const strict = await evaluationOf(images, images, { ...CONFIGURATION, strict: true });
    await assertRejects(() => strict(run), UnreadableImageError, "broken.png");
  }));

Deno.test("evaluationOf() and configuredEvaluation() refuse what cannot be compared at once", () =>
  withFolder(async (path) => {
    const bank = colors("bank", ["green"]);
    const queries = colors("queries", ["red"]);
    await assertRejects(
      () => evaluationOf(bank, queries, CONFIGURATION),
      TypeError,
      'found "red"',
    );
    await drawPictures(path("labelled"));
    const evaluationData = path("labelled/cats");
    await assertRejects(
      () => configuredEvaluation({ ...CONFIGURATION, data: path("labelled"), evaluationData }),
      TypeError,
      "every image must have a label",
    );
  }));
