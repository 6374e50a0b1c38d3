import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { inFolder } from "../../../in_folder.ts";
import { testMpi } from "../../../mpirun.ts";
import { finalState } from "../run/final_state.ts";
import { trainOnRanks, trainWell } from "./rank_runs.ts";
import { numberOfProcess, waitForEvents } from "./told.ts";

/** How often a rank is killed; that other launchers than the first end the others as well shows sooner. */
const KILLS = { openmpi: 9, mpich: 4 } as const;

/** Events after which it may be killed: none while the run starts, then steps, the ends of epochs and checkpoints. */
const EVENTS = 9;

/** From one kill to the next so many events further, around all of them: each once in as many kills as there are events. */
const STRIDE = 4;

/** A rank has so long to do what comes after an event. */
const MILLISECONDS = 15;

const RANKS = 2;

/** More than a run comes to until it is killed for the last time: from one kill to the next it takes some ten steps. */
const EPOCHS = { openmpi: 45, mpich: 20 } as const;

/** Open MPI gives the others a second, twice, to end by themselves, which they cannot while they wait for the one. */
const ENVIRONMENT = { OMPI_MCA_odls_base_sigkill_timeout: "0" };

testMpi(
  "train() whose ranks are killed after each event, at random moments, equals a run in one go bit for bit",
  (kind) =>
    inFolder(async (folder) => {
      const [output, whole] = [join(folder, "run"), join(folder, "whole")];
      const epochs = EPOCHS[kind];
      const run = { output, changes: { batchNorm: true, configuration: { epochs } } };
      await trainWell(kind, RANKS, { ...run, output: whole });
      const random = new RandomStream(0, "kills");
      for (let i = 0; i < KILLS[kind]; i++) {
        const told = join(folder, `told-${i}`);
        await Deno.mkdir(told);
        const [rank, events] = [i % RANKS, (i * STRIDE) % EVENTS];
        const isThere = existsSync(join(output, "configuration.json"));
        const ended = trainOnRanks(kind, RANKS, {
          ...run,
          told,
          ...(isThere && { resume: "latest" }),
        }, { environment: ENVIRONMENT });
        const early = ended.then(({ stdout, stderr }) => {
          throw new Error(
            `The ranks ended before one was killed. They wrote:\n${stdout}\n${stderr}`,
          );
        });
        early.catch(() => {});
        await Promise.race([waitForEvents(told, events), early]);
        const number = await Promise.race([numberOfProcess(told, rank), early]);
        await new Promise((resolve) => setTimeout(resolve, random.integer(MILLISECONDS)));
        Deno.kill(number, "SIGKILL");
        assertNotEquals((await ended).code, 0);
      }
      const before = await finalState(output);
      assert(before.step < 3 * epochs, `${before.step}`);
      await trainWell(kind, RANKS, { ...run, resume: "latest" });
      assertEquals(await finalState(output), await finalState(whole));
    }),
);
