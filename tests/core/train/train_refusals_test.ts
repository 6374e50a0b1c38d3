import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { ViewRecipe } from "../../../core/data/views/recipe.ts";
import type { PartialConfiguration } from "../../../core/method/resolve_configuration.ts";
import { viewRecipes } from "../../../core/data/views/named_views.ts";
import { train } from "../../../core/train/run/train.ts";
import { momentumContrast } from "./momentum_contrast.ts";
import { noise, options, SIZE } from "./small_run.ts";
import { inFolder } from "../../in_folder.ts";

Deno.test("train() overwrites no run", () =>
  inFolder(async (folder) => {
    const run = options(join(folder, "run"), { epochs: 1 });
    await train(run);
    await assertRejects(
      () => train(run),
      Deno.errors.AlreadyExists,
      "it holds one; resume it, or name another output folder",
    );
  }));

Deno.test("train() finds that the folder holds a run before anything else", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "configuration.json"), "{}");
    const wrong = { ...options(folder, { warmupEpochs: 5 }), dataset: noise(1) };
    await assertRejects(() => train(wrong), Deno.errors.AlreadyExists, "it holds one");
  }));

Deno.test("train() says when a data set is smaller than a batch", () =>
  inFolder(async (folder) => {
    await assertRejects(
      () => train({ ...options(join(folder, "run")), dataset: noise(7) }),
      RangeError,
      "at least as many samples as a batch (--batch-size 8), found 7",
    );
  }));

Deno.test("train() refuses views that there are not before it writes anything", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    await assertRejects(
      () => train(options(run, { variationViews: [2] })),
      RangeError,
      "--variation-views must be in [0, 2), found 2",
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("train() refuses schedules, recipes and a method that cannot be trained before it writes anything", () =>
  inFolder(async (folder) => {
    const run = options(join(folder, "run"));
    const refused = (changes: PartialConfiguration, message: string) =>
      assertRejects(() => train(options(run.output, changes)), Error, message);
    await refused({ warmupEpochs: 5 }, "warmup.epochs must be in [0, 4], found 5");
    await refused({ schedule: "step", milestones: [3, 2] }, "ascending, found [3, 2]");
    const recipe = viewRecipes({ views: "small", imageSize: SIZE })[0]!;
    const crop = { ...recipe.crop, interpolation: "nearest" as "bilinear" };
    await refused({ views: [recipe, { ...recipe, crop }] }, "views.1.crop.interpolation must be");
    const { normalize: _, ...rest } = recipe;
    await refused(
      { views: [rest as ViewRecipe, recipe] },
      "views.0 must have required property 'normalize'",
    );
    await assertRejects(
      () =>
        train({
          ...options(run.output, { options: {}, parameterRules: [] }),
          method: momentumContrast,
        }),
      TypeError,
      "--scheduled must have what the method reads (temperature, encoderMomentum), found no temperature, encoderMomentum",
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  }));
