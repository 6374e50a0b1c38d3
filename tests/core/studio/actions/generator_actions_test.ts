import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Job } from "../../../../core/studio/api/actions.ts";
import type { RunDetails, RunRow } from "../../../../core/studio/mod.ts";
import { readPipelineGolden, writePipeline } from "../../unclip/pipeline_golden.ts";
import { TINY } from "../../unclip/training/tiny_generator.ts";
import { until, withClient } from "./studio_client.ts";

Deno.test("a generator is trained, stopped with a checkpoint, and gone on with by its folder", () =>
  withClient(async ({ call, refused, jobIn }, root) => {
    await writePipeline(join(root, "published"), await readPipelineGolden());
    const { imageEncoder: _, data: _data, ...sizes } = TINY;
    const unet = { ...sizes.unet, steps: 100_000 };
    await Deno.writeTextFile(join(root, "tiny.json"), JSON.stringify({ ...sizes, unet }));
    const stepping = (from: number) =>
      until(
        async () => {
          const { runs } = await call<{ readonly runs: readonly RunRow[] }>("GET", "/api/runs");
          return runs.find(({ run, step }) => run === "generator" && step > from);
        },
        120,
        `the generator to take steps after ${from}`,
      );
    const job = await call<Job>("POST", "/api/queue", {
      task: "generator",
      positional: ["train"],
      options: {
        ...{ config: "tiny.json", data: "photos", imageEncoder: "published", output: "generator" },
        ...{ samples: false, device: "cpu", threads: 1 },
      },
    });
    const { kind, state } = await stepping(TINY.autoencoder.steps + 1);
    assertEquals([kind, state], ["generator", "running"]);
    const run = "/api/run?run=generator";
    await call("POST", run, { action: "stop" });
    await jobIn(job.id, "stopped");
    const stopped = await call<RunDetails>("GET", run);
    assertEquals(stopped.state, "stopped");
    assertEquals(
      stopped.checkpoints.map(({ step }) => step).includes(stopped.step - TINY.autoencoder.steps),
      true,
    );
    const [status] = await refused("POST", run, { action: "lengthen", epochs: 9 });
    assertEquals(status, 400);
    const resumed = await call<Job>("POST", run, { action: "resume" });
    const gone = await stepping(stopped.step);
    assert(gone.state === "running");
    await call("POST", run, { action: "stop" });
    await jobIn(resumed.id, "stopped");
  }));
