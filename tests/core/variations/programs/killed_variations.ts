/**
 * Generates variations on several ranks, of which the last kills itself once it has listed one.
 *
 * @module
 */
import { inProcessGroup } from "../../../../core/distributed/mod.ts";
import { makeVariations } from "../../../../core/variations/mod.ts";

if (import.meta.main) {
  const [inputList, inputPrefix, model, outputPrefix] = Deno.args as [
    string,
    string,
    string,
    string,
  ];
  await inProcessGroup(async (group) => {
    if (group === undefined) throw new Error("No group");
    const { rank, size } = group;
    if (rank === size - 1) {
      const manifest = `${outputPrefix}/manifest-${rank}-of-${size}.jsonl`;
      setInterval(() => {
        try {
          if (Deno.statSync(manifest).size > 0) Deno.kill(Deno.pid, "SIGKILL");
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
      }, 1);
    }
    await makeVariations({
      ...{ inputList, inputPrefix, model, outputPrefix },
      ...{ device: "cpu", threads: 1, numInferenceSteps: 5, size: 0, batchSize: 1 },
    }, { group });
  });
}
