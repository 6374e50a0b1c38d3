/**
 * Extracts features on several ranks, of which the last kills itself once one of its own is there.
 *
 * @module
 */
import { inProcessGroup } from "../../../../core/distributed/mod.ts";
import { extractFeatures } from "../../../../core/masking/mod.ts";

if (import.meta.main) {
  const [images, model, outputDir, last] = Deno.args as [string, string, string, string];
  await inProcessGroup(async (group) => {
    if (group === undefined) throw new Error("No group");
    if (group.rank === group.size - 1) {
      setInterval(() => {
        try {
          if (Deno.statSync(last).isFile) Deno.kill(Deno.pid, "SIGKILL");
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
      }, 1);
    }
    const options = { images, network: { model }, outputDir, numExtract: 21, numVis: 2 };
    await extractFeatures({ ...options, batchSize: 1, threads: 1 }, { group });
  });
}
