import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FolderLock } from "../../../../core/files/folder_lock.ts";
import { inFolder } from "../../../in_folder.ts";
import { testMpi } from "../../../mpirun.ts";
import { finalState } from "../run/final_state.ts";
import { trainOnRanks, trainWell } from "./rank_runs.ts";
import { countEvents, numberOfProcess, waitForEvents } from "./told.ts";

testMpi(
  "train() that fails on one rank ends all with its message, and says what to go on from",
  (kind) =>
    inFolder(async (folder) => {
      const output = join(folder, "run");
      const { code, stdout, stderr, seconds } = await trainOnRanks(kind, 2, { output, fails: 1 });
      assertNotEquals(code, 0);
      assertStringIncludes(stderr, "rank 1 of 2: Error: the disk is gone");
      assertStringIncludes(
        stdout,
        `warning: rank 1: an error after step 3 ends all processes; the last checkpoint is ${
          join(output, "checkpoints", "step-000000003")
        }`,
      );
      assert(seconds < 60, `${seconds} s`);
      await trainWell(kind, 2, { output, resume: "latest" });
      assertEquals((await finalState(output)).step, 12);
    }),
);

testMpi(
  "train() stops on all ranks after the same step by a signal to one, and goes on",
  (kind) =>
    inFolder(async (folder) => {
      const [output, told] = [join(folder, "run"), join(folder, "told")];
      await Deno.mkdir(told);
      const changes = { configuration: { epochs: 40 } };
      const stopping = trainWell(kind, 2, { output, told, changes });
      await Promise.race([waitForEvents(told, 4), stopping]);
      Deno.kill(await numberOfProcess(told, 1), "SIGTERM");
      assertStringIncludes(await stopping, "note: stopping after this step, as rank 1 was told to");
      const { step } = await finalState(output);
      assert(step > 0 && step < 120, `${step}`);

      // What `mpirun` is sent it hands on to all.
      let launcher: Deno.ChildProcess | undefined;
      const again = trainWell(kind, 2, { output, told, changes, resume: "latest" }, {
        onStart: (process) => void (launcher = process),
      });
      await Promise.race([waitForEvents(told, await countEvents(told) + 4), again]);
      launcher!.kill("SIGUSR1");
      assertStringIncludes(await again, "note: stopping after this step, as rank 0");
      const { step: next } = await finalState(output);
      assert(next > step && next < 120, `${next} after ${step}`);
    }),
  ["openmpi"],
);

testMpi(
  "train() on several ranks refuses a folder in which others are at work, a batch that they cannot share, and two runs",
  (kind) =>
    inFolder(async (folder) => {
      const output = join(folder, "run");
      {
        using _lock = await FolderLock.acquire(output);
        const { code, stderr } = await trainOnRanks(kind, 2, { output });
        assertNotEquals(code, 0);
        assertStringIncludes(
          stderr,
          `rank 0 of 2: Cannot write into ${output}: process ${Deno.pid} on`,
        );
      }
      const changes = { configuration: { batchSize: 9 } };
      const { code, stderr } = await trainOnRanks(kind, 2, { output, changes });
      assertNotEquals(code, 0);
      assertStringIncludes(stderr, "found 9; choose 8 or 10, or another number of processes");
      // All ranks have met it, and one has said so.
      assertEquals(stderr.match(/rank \d of 2: Cannot/g), ["rank 0 of 2: Cannot"]);
      const apart = await trainOnRanks(kind, 2, { output, apart: 1 });
      assertNotEquals(apart.code, 0);
      assertStringIncludes(apart.stderr, "found that seed is 0 on rank 0 and 1 on rank 1");
      assertEquals(existsSync(join(output, "configuration.json")), false);
    }),
  ["openmpi"],
);
