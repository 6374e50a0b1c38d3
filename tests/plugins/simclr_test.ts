import { checkMethod } from "../../core/method/load.ts";
import plugin from "../../plugins/simclr/mod.ts";
import { assertFollows, readGolden, RUNS } from "./fidelity.ts";
import { testMethod } from "./method_checks.ts";

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
    Deno.test(`${title} follows PyTorch for 20 steps, ${run}, in every loss and every final tensor`, async () => {
      await assertFollows(golden, {
        method: simclr,
        options: { hiddenWidth, width, temperature },
        configuration: { learningRate, momentum, weightDecay },
      }, run);
    });
  }
}
