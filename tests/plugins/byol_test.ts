import { assertEquals } from "@std/assert";
import { checkMethod } from "../../core/method/load.ts";
import plugin from "../../plugins/byol/mod.ts";
import { assertFollows, readGolden, RUNS, tieToTranspose, type Trial } from "./fidelity.ts";
import { LARS_EXCLUSIONS, testMethod, weightedPairs } from "./method_checks.ts";

const byol = checkMethod(plugin, "byol");

testMethod(byol, {
  options: { hiddenWidth: 32, width: 16 },
  refused: [[{ hiddenWidth: 0 }, "options.hiddenWidth"], [
    { temperature: 1 },
    "options.temperature",
  ]],
  refusedViews: [1, 17],
});

/** What reference/byol_steps.py ran, beside what all programs have in common. */
interface Settings {
  readonly hiddenWidth: number;
  readonly width: number;
  readonly encoderMomentum: number;
  readonly learningRate: number;
  readonly eta: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

const goldens = {
  "two views": await readGolden<Settings>("byol_steps"),
  "crops of two sizes": await readGolden<Settings>("byol_crops_steps"),
};

function trialOf({ hiddenWidth, width, encoderMomentum, ...settings }: Settings): Trial {
  const { learningRate, eta, momentum, weightDecay } = settings;
  return {
    method: byol,
    options: { hiddenWidth, width },
    configuration: {
      optimizer: "lars",
      learningRate,
      eta,
      momentum,
      weightDecay,
      parameterRules: LARS_EXCLUSIONS,
      scheduled: { encoderMomentum: { from: encoderMomentum, to: 1 } },
    },
    adjust: (weights) => tieToTranspose(weights, "predictor.fc1.weight", "predictor.fc0.weight"),
  };
}

for (const [views, golden] of Object.entries(goldens)) {
  for (const run of RUNS) {
    Deno.test(`BYOL follows PyTorch for 20 steps with ${views}, ${run}, in every loss, spread and final tensor`, async () => {
      await assertFollows(golden, trialOf(golden), run);
    });
  }
}

Deno.test("BYOL predicts from all views and towards the global ones", () => {
  const options = { hiddenWidth: 8, width: 8 };
  assertEquals(weightedPairs(byol, [8, 8], options), [[0, 1]]);
  assertEquals(weightedPairs(byol, [8, 8, 8], options), [[0, 1], [0, 2], [1, 2]]);
  assertEquals(weightedPairs(byol, [8, 8, 6, 6], options), [[0, 1], [0, 2], [0, 3], [1, 2], [
    1,
    3,
  ]]);
});
