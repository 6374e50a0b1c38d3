import { assert, assertEquals } from "@std/assert";
import { main } from "../../tasks/evaluate.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { writeNetwork } from "../core/train/run/untrained_network.ts";
import { testMpi } from "../mpirun.ts";
import { digestsOf, mpirunTaskWell } from "./rank_task.ts";
import { drawPictures } from "./square_pictures.ts";

/** Results of a run, but for when they were found. */
async function resultsOf(run: string) {
  const { results } = JSON.parse(await Deno.readTextFile(`${run}/results.json`));
  return results.map(({ at: _at, checkpoint: { path: _path, ...checkpoint }, ...found }: {
    readonly at: string;
    readonly checkpoint: Record<string, unknown>;
  }) => ({ ...found, checkpoint }));
}

testMpi(
  "evaluate on 2 ranks finds what one process finds, and the first writes and prints it",
  (kind) =>
    withFolder(async (path) => {
      await drawPictures(path("images"));
      await Deno.writeTextFile(path("images/cats/broken.png"), "nothing");
      const protocols = [
        "--protocol",
        "knn,probe,linear:lightly",
        "--epochs",
        "2",
        "--batch-size",
        "4",
      ];
      const args = [...protocols, "--k", "1,3", "--test", `${path("images")}/`, "--device", "cpu"];
      const [alone, together] = ["alone", "together"];
      for (const run of [alone, together]) {
        await writeNetwork(path(`${run}/checkpoints`), path("images"));
      }
      await main([path(alone), ...args]);
      const { stdout, stderr } = await mpirunTaskWell(kind, 2, "evaluate", [
        path(together),
        ...args,
      ]);
      const found = await resultsOf(path(together));
      assertEquals(found, await resultsOf(path(alone)));
      assertEquals(found.length, 4);
      assertEquals(stdout.match(/^step 0, online encoder/gm)?.length, 1, stdout);
      // Once for the features and once in the training, as by one process.
      assertEquals(stderr.match(/warning: Skipped the image ".*broken.png"/g)?.length, 2, stderr);
      // One file of events, and the checkpoints of one training, as by one process.
      const names = async (run: string) =>
        Object.keys(await digestsOf(path(run))).map((name) =>
          name.replace(/tfevents.*/, "tfevents")
        ).sort();
      assertEquals(await names(together), await names(alone));
      assert((await names(alone)).some((name) => name.startsWith("evaluations/")));
    }),
  ["openmpi"],
);
