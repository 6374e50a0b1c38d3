import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type {
  CheckAnswer,
  DryRunAnswer,
  FormAnswer,
  Job,
} from "../../../../core/studio/api/actions.ts";
import type { RunDetails, RunRow } from "../../../../core/studio/mod.ts";
import { openClient, type StudioClient, tinyTraining, until, withClient } from "./studio_client.ts";

/** Waits until a run has taken a step. */
async function stepping({ call }: StudioClient, run: string, from = 0): Promise<void> {
  await until(
    async () => {
      const { runs } = await call<{ readonly runs: readonly RunRow[] }>("GET", "/api/runs");
      return runs.find((row) => row.run === run && row.state === "running" && row.step > from);
    },
    60,
    `${run} to step`,
  );
}

Deno.test("a client that knows the calls alone trains, stops, resumes, forks, evaluates, exports and discards", () =>
  withClient(async (client, root) => {
    const { call, refused, jobIn } = client;
    const form = await call<FormAnswer>("GET", "/api/form?task=train&method=simsiam");
    assertEquals(form.presets.map(({ name }) => name), ["imagenet", "cifar", "demo"]);
    assertEquals(Object.keys(form.methodSchema!.properties).includes("projectorWidth"), true);
    const request = tinyTraining("runs/tiny");
    for (const name of Object.keys(request.options)) {
      assert(Object.hasOwn(form.schema.properties, name), name);
    }
    const { problems, command } = await call<CheckAnswer>("POST", "/api/check", request);
    assertEquals(problems, []);
    assertStringIncludes(command, `deno task train --method simsiam --preset cifar`);
    assertStringIncludes(command, `--output ${root}/runs/tiny`);
    const dry = await call<DryRunAnswer>("POST", "/api/dry-run", request);
    assertStringIncludes(dry.text, "SimSiam on clip_vit_tiny_patch8_64");
    assert(dry.memoryBytes! > 1e7 && dry.memoryBytes! < 1e10, `${dry.memoryBytes}`);
    // 300,000 steps, of which some were timed; on a machine that is busy there may be no time for it, and it says so.
    assert(
      dry.seconds === undefined ? /^time .*within 90 seconds$/m.test(dry.text) : dry.seconds > 100,
    );
    assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), ["photos"]);

    const job = await call<Job>("POST", "/api/queue", request);
    assertEquals([job.command, job.run, job.device], [command, "runs/tiny", "cpu"]);
    await stepping(client, "runs/tiny");
    assertEquals((await refused("POST", "/api/run?run=runs/tiny", { action: "resume" }))[0], 409);
    const trash = { action: "trash", confirm: "tiny" };
    assertEquals((await refused("POST", "/api/run?run=runs/tiny", trash))[0], 409);
    const stopping = await call<Job>("POST", "/api/run?run=runs/tiny", { action: "stop" });
    assertEquals([stopping.id, stopping.stopping], [job.id, true]);
    const { output } = await jobIn(job.id, "stopped");
    assertStringIncludes(output.join("\n"), "stopped after");
    const stopped = await call<RunDetails>("GET", "/api/run?run=runs/tiny");
    assertEquals(stopped.state, "stopped");
    assertEquals(stopped.checkpoints.at(-1)!.step, stopped.step);

    const resumed = await call<Job>("POST", "/api/run?run=runs/tiny", { action: "resume" });
    await stepping(client, "runs/tiny", stopped.step);
    await call<Job>("DELETE", `/api/queue?job=${resumed.id}`);
    await jobIn(resumed.id, "stopped");

    const checkpoint = (await call<RunDetails>("GET", "/api/run?run=runs/tiny")).checkpoints[0]!;
    const fork = { action: "fork", checkpoint: checkpoint.name, output: "runs/forked" };
    const forked = await call<Job>("POST", "/api/run?run=runs/tiny", fork);
    assertEquals(forked.run, "runs/forked");
    await stepping(client, "runs/forked", checkpoint.step);
    await call<Job>("POST", "/api/run?run=runs/forked", { action: "stop" });
    await jobIn(forked.id, "stopped");
    const description = JSON.parse(
      await Deno.readTextFile(join(root, "runs/forked/configuration.json")),
    );
    assertEquals(description.startedFrom, join(root, "runs/tiny/checkpoints", checkpoint.name));

    const evaluated = await call<Job>("POST", "/api/run?run=runs/forked", { action: "evaluate" });
    await jobIn(evaluated.id, "finished");
    const { metrics } = await call<RunDetails>("GET", "/api/run?run=runs/forked");
    assert(Object.keys(metrics).some((name) => /kNN .* top1/.test(name)), JSON.stringify(metrics));
    const exported = await call<Job>("POST", "/api/run?run=runs/forked", {
      action: "export",
      output: "backbone.safetensors",
    });
    await jobIn(exported.id, "finished");
    assert((await Deno.stat(join(root, "backbone.safetensors"))).size > 1e6);

    const tagged = await call<RunRow>("POST", "/api/run?run=runs/forked", {
      action: "tag",
      tags: ["<b>good</b>", "second"],
    });
    assertEquals(tagged.tags, ["<b>good</b>", "second"]);
    const wrong = { action: "trash", confirm: "tiny" };
    assertEquals((await refused("POST", "/api/run?run=runs/forked", wrong))[0], 400);
    await call<RunRow>("POST", "/api/run?run=runs/forked", { action: "trash", confirm: "forked" });
    assertEquals((await refused("GET", "/api/run?run=runs/forked"))[0], 404);
    const [kept] = [...Deno.readDirSync(join(root, ".genview-trash"))];
    assert(/^\d{8}T\d{9}Z-runs-forked$/.test(kept!.name), kept!.name);
    assert((await Deno.stat(join(root, ".genview-trash", kept!.name, "checkpoints"))).isDirectory);
  }));

Deno.test("a job goes on without its server, and the next server finds it, goes on with the queue and can stop it", () =>
  withClient(async (first, root) => {
    const running = await first.call<Job>("POST", "/api/queue", tinyTraining("a"));
    const waiting = await first.call<Job>("POST", "/api/queue", tinyTraining("b", { epochs: 1 }));
    await stepping(first, "a");
    assertEquals((await first.call<Job[]>("GET", "/api/queue")).map(({ state }) => state), [
      "running",
      "waiting",
    ]);
    await first.close();
    const { size } = await Deno.stat(join(root, "a", "steps.jsonl"));
    const second = await openClient(root);
    try {
      assertEquals((await second.call<Job[]>("GET", "/api/queue")).map(({ state }) => state), [
        "running",
        "waiting",
      ]);
      await until(
        async () => {
          const now = (await Deno.stat(join(root, "a", "steps.jsonl"))).size;
          return now > size ? now : undefined;
        },
        30,
        "the run to go on",
      );
      // Asked twice, it still saves.
      const stop = () => second.call("DELETE", `/api/queue?job=${running.id}`);
      await Promise.all([stop(), stop()]);
      await second.jobIn(running.id, "stopped");
      const { checkpoints, step } = await second.call<RunDetails>("GET", "/api/run?run=a");
      assertEquals(checkpoints.at(-1)?.step, step);
      await second.jobIn(waiting.id, "finished");
      assertEquals(
        (await second.refused("DELETE", `/api/queue?job=${waiting.id}`))[0],
        409,
      );
    } finally {
      await second.close();
    }
  }));
