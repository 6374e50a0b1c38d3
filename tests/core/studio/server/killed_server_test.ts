import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Job } from "../../../../core/studio/api/actions.ts";
import type { RunDetails } from "../../../../core/studio/mod.ts";
import { drawPictures } from "../../../tasks/square_pictures.ts";
import { inFolder } from "../../../in_folder.ts";
import { openClient, tinyTraining, until } from "../actions/studio_client.ts";
import { StudioProcess } from "../page/studio_process.ts";

Deno.test({
  name:
    "a server that is killed loses nothing: what runs goes on, and the next server has all of it",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const root = await Deno.realPath(folder);
      await drawPictures(join(root, "photos"));
      const studio = new StudioProcess(root);
      const { origin, searchParams } = new URL(await studio.address());
      const put = async (output: string, options = {}): Promise<Job> => {
        const answer = await fetch(`${origin}/api/queue`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${searchParams.get("token")}`,
            "content-type": "application/json",
          },
          body: JSON.stringify(tinyTraining(output, options)),
        });
        return await answer.json();
      };
      const [running, waiting] = [await put("a"), await put("b", { epochs: 1 })];
      const steps = join(root, "a", "steps.jsonl");
      const sizeOf = () => Deno.stat(steps).then(({ size }) => size, () => 0);
      const longer = (than: number) =>
        until(async () => await sizeOf() > than || undefined, 120, "the run to take steps");
      await longer(0);
      await studio.kill();
      await longer(await sizeOf());

      const { call, jobIn, close } = await openClient(root);
      try {
        const states = (await call<Job[]>("GET", "/api/queue")).map(({ id, state }) => [id, state]);
        assertEquals(states, [[running.id, "running"], [waiting.id, "waiting"]]);
        await call("DELETE", `/api/queue?job=${running.id}`);
        await jobIn(running.id, "stopped");
        const { checkpoints, step, state } = await call<RunDetails>("GET", "/api/run?run=a");
        assertEquals([state, checkpoints.at(-1)?.step], ["stopped", step]);
        await jobIn(waiting.id, "finished");
        assert((await Deno.stat(join(root, "b", "checkpoints"))).isDirectory);
      } finally {
        await close();
      }
    }),
});
