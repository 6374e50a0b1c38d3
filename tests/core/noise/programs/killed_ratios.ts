/**
 * Computes ratios on several ranks, of which the last kills itself once it has written some.
 *
 * @module
 */
import { computeRatios } from "../../../../core/noise/mod.ts";
import { inProcessGroup } from "../../../../core/distributed/mod.ts";

if (import.meta.main) {
  const [images, model, pcaVectors, outputDir] = Deno.args as [string, string, string, string];
  await inProcessGroup(async (group) => {
    if (group === undefined) throw new Error("No group");
    const { rank, size } = group;
    if (rank === size - 1) {
      const part = `${outputDir}/fg_ratios-${rank}-of-${size}.txt`;
      setInterval(() => {
        try {
          if (Deno.statSync(part).size > 0) Deno.kill(Deno.pid, "SIGKILL");
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
      }, 1);
    }
    await computeRatios({
      ...{ from: "images", images, network: { model }, pcaVectors, fgThre: 0.1, outputDir },
      ...{ batchSize: 1, threads: 1 },
    }, { group });
  });
}
