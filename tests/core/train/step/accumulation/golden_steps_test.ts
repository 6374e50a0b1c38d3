import { assert } from "@std/assert";
import { assertFollows, readGolden, RUNS, series } from "../../../../plugins/fidelity.ts";
import { gatheredKeys } from "./small_couplings.ts";

/** What reference/accumulation_steps.py ran, beside what all programs have in common. */
interface Settings {
  readonly deviceBatchSize: number;
  readonly hiddenWidth: number;
  readonly width: number;
  readonly temperature: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly encoderMomentum: number;
}

const golden = await readGolden<Settings>("accumulation_steps");

for (const run of RUNS) {
  Deno.test(`steps by micro-batches follow PyTorch with batch norm in each of them, ${run}`, async () => {
    const { hiddenWidth, width, temperature, encoderMomentum } = golden;
    const { deviceBatchSize, learningRate, momentum, weightDecay } = golden;
    const layers = [{ width: hiddenWidth }, { width, norm: "none", activation: "none" }] as const;
    const { losses } = await assertFollows(golden, {
      method: gatheredKeys(layers, temperature),
      options: {},
      configuration: {
        learningRate,
        momentum,
        weightDecay,
        scheduled: { encoderMomentum: { from: encoderMomentum } },
      },
      deviceBatchSize,
    }, run);
    series(golden, run, "losses").forEach((wanted, i) =>
      assert(Math.abs(losses[i]! / wanted - 1) < 1e-5, `${losses[i]} for ${wanted}`)
    );
  });
}
