import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { join } from "node:path";
import { backbone } from "../../core/backbones/registry.ts";
import { readJsonLines } from "../../core/files/json_lines.ts";
import { checkMethod } from "../../core/method/load.ts";
import { readConfiguration } from "../../core/method/read_configuration.ts";
import { train } from "../../core/train/run/train.ts";
import plugin from "../../plugins/simclr/mod.ts";
import { PATCH_DIRECTION, patchMeans } from "../core/train/patch_means.ts";
import { noise, options as smallRun, SIZE } from "../core/train/small_run.ts";
import { inFolder } from "../in_folder.ts";
import { assertFollows, readGolden, RUNS } from "./fidelity.ts";
import { assertPairsAddUp } from "./pair_weights.ts";
import { chanceOf, lossOf, testMethod, weightedPairs } from "./method_checks.ts";

const simclr = checkMethod(plugin, "simclr");

testMethod(simclr, {
  options: { hiddenWidth: 32, width: 16 },
  refused: [
    [{ positives: "none" }, "options.positives"],
    [{ temperature: -1 }, "options.temperature"],
  ],
  refusedViews: [1, 17],
});

/** What reference/simclr_steps.py ran, beside what all programs have in common. */
interface Settings {
  readonly hiddenWidth: number;
  readonly width: number;
  readonly temperature: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

const GOLDENS = { "SimCLR": "simclr_steps", "SimCLR with three views": "simclr_positives_steps" };

for (const [title, name] of Object.entries(GOLDENS)) {
  const golden = await readGolden<Settings>(name);
  const { hiddenWidth, width, temperature, learningRate, momentum, weightDecay } = golden;
  for (const run of RUNS) {
    Deno.test(`${title} follows PyTorch for 20 steps, ${run}, in every loss, spread and final tensor`, async () => {
      await assertFollows(golden, {
        method: simclr,
        options: { hiddenWidth, width, temperature },
        configuration: { learningRate, momentum, weightDecay },
      }, run);
    });
  }
}

/** What it ran of the recipe of the embedded generator's image encoder. */
interface RecipeSettings extends Omit<Settings, "momentum"> {
  readonly backbone: string;
  readonly clipGradientNorm: number;
  readonly epochs: number;
  readonly epsilon: number;
}

const encoder = await readGolden<RecipeSettings>("simclr_clip_steps");
const RECIPE = new URL("../../configs/generator_image_encoder.json", import.meta.url).pathname;

for (const run of RUNS) {
  Deno.test(`the recipe of the embedded generator's image encoder follows PyTorch for 20 steps, ${run}, in every loss, spread, gradient's norm and final tensor`, async () => {
    const { configuration } = await readConfiguration(RECIPE);
    const { backbone: name, hiddenWidth, width, temperature } = encoder;
    const { learningRate, weightDecay, clipGradientNorm } = encoder;
    const options = { hiddenWidth, width, temperature };
    const ran = { backbone: name, options, learningRate, weightDecay, clipGradientNorm };
    const change = "a recipe that has changed needs another golden";
    assertEquals(configuration, { ...configuration, ...ran }, change);
    const { batchSize, epochs, epsilon, sizes: [imageSize] } = encoder;
    await assertFollows(encoder, {
      method: simclr,
      backbone: backbone(name, { imageSize: imageSize! }),
      options,
      configuration: { ...configuration, batchSize, epochs, epsilon },
    }, run);
  });
}

Deno.test("SimCLR's guess costs the logarithm of the other views", async () => {
  assertAlmostEquals(await chanceOf(simclr, "imagenet"), 9.01, 0.01);
});

Deno.test("SimCLR contrasts two views alike, together and apart, and any views with each other", async () => {
  const options = { hiddenWidth: 8, width: 8 };
  const [together, apart] = await Promise.all(
    ["together", "apart"].map((positives) => lossOf(simclr, { ...options, positives })),
  );
  assertAlmostEquals(together!, apart!, 1e-6);
  for (const positives of ["together", "apart"]) {
    const pairs = weightedPairs(simclr, [8, 8, 6], { ...options, positives });
    assertEquals(pairs, [[0, 1], [0, 2], [1, 2]]);
  }
});

for (const deviceBatchSize of [0, 4]) {
  Deno.test(`SimCLR weights all pairs of three views, ${deviceBatchSize || "all"} samples at once`, () =>
    inFolder(async (folder) => {
      const output = join(folder, "run");
      await train({
        ...smallRun(output, {
          epochs: 1,
          views: { preset: "small", views: 3 },
          deviceBatchSize,
          parameterRules: [],
          options: { hiddenWidth: 32, width: 16 },
        }),
        method: simclr,
        dataset: noise(8),
        pairEncoder: { network: patchMeans(SIZE), component: PATCH_DIRECTION, sharpness: 20 },
      });
      const [step] = await readJsonLines(join(output, "steps.jsonl"));
      const largest = Number(step!["largestPairWeight"]);
      // Of mean 1 over 24 pairs, or over the 12 of each micro-batch.
      assert(largest > 1 && largest <= 3 * (deviceBatchSize || 8), `the largest is ${largest}`);
    }));
}

for (const positives of ["together", "apart"]) {
  Deno.test(`SimCLR weighs each pair of three views by its own weights, ${positives}`, () =>
    assertPairsAddUp(simclr, { hiddenWidth: 8, width: 8, positives }, {}));
}
