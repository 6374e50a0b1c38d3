/**
 * Trains small methods on several ranks, and compares each with one process that takes the whole batch in micro-batches of
 * the size of a rank's part: batch norm then sees the same samples together.
 *
 * @module
 */
import { assert } from "@std/assert";
import { inProcessGroup, rankGroup } from "../../../../../core/distributed/mod.ts";
import { checkMethod } from "../../../../../core/method/load.ts";
import { bundledMethods } from "../../../../../plugins/mod.ts";
import { BATCH } from "../../small_methods.ts";
import { bundledRun } from "./bundled_runs.ts";
import { accumulatedSteps, rankSteps } from "./small_accumulation.ts";

const STEPS = 2;

if (import.meta.main) {
  await inProcessGroup(async (group) => {
    assert(group !== undefined, "several ranks");
    for (const [name, address] of Object.entries(bundledMethods)) {
      const plugin = await import(new URL("./mod.ts", address).href);
      const run = bundledRun(checkMethod(plugin.default, name));
      const found = await rankSteps(run, { rank: group.rank, ...rankGroup(group) }, STEPS);
      const expected = await accumulatedSteps(run, BATCH / group.size, STEPS);
      for (const [i, { loss, spread, gradientNorm }] of expected.results.entries()) {
        const result = found.results[i]!;
        for (
          const [a, b] of [[result.loss, loss], [result.spread, spread], [
            result.gradientNorm,
            gradientNorm,
          ]]
        ) {
          assert(
            Math.abs(a! - b!) < 1e-5 * Math.max(1, Math.abs(b!)),
            `${name}, step ${i}: ${a} must be ${b}`,
          );
        }
      }
      for (const [tensor, { data }] of expected.weights) {
        // One process moves these once for each of its micro-batches.
        if (/running_|num_batches_tracked/.test(tensor)) continue;
        const other = found.weights.get(tensor)!.data;
        data.forEach((value, i) =>
          assert(
            Math.abs(Number(value) - Number(other[i])) < 1e-5,
            `${name}, ${tensor}[${i}]: ${other[i]} must be ${value}`,
          )
        );
      }
      if (group.rank === 0) console.log(`${name} is the same`);
    }
  });
}
