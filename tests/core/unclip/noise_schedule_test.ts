import { assert } from "@std/assert";
import { type BetaSchedule, remainingVariance } from "../../../core/unclip/noise_schedule.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../fixtures/golden/unclip_schedulers", import.meta.url).pathname;

Deno.test("remainingVariance() is diffusers' cumulative product within 1e-6", async () => {
  const { tensors } = await readSafetensors(`${GOLDEN}.safetensors`);
  const { cumulative } = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`));
  for (const [schedule, config] of Object.entries<Record<string, number>>(cumulative)) {
    const found = remainingVariance({
      trainTimesteps: 1000,
      betaSchedule: schedule as BetaSchedule,
      betaStart: config.beta_start ?? 0,
      betaEnd: config.beta_end ?? 0,
    });
    const expected = tensors.get(`cumulative/${schedule}`)!.data as Float32Array;
    found.forEach((value, i) => {
      const error = Math.abs(value / expected[i]! - 1);
      assert(error < 1e-6, `${schedule} ${i} differs by ${error} of itself`);
    });
  }
});
