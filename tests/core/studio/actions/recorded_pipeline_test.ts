import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { basename, join, relative } from "node:path";
import { type PipelineOptions, runPipeline } from "../../../../core/pipeline/mod.ts";
import { readRecord, writeRecord } from "../../../../core/pipeline/pipeline_record.ts";
import type { Job, PathAnswer } from "../../../../core/studio/api/actions.ts";
import { bundledMethods } from "../../../../plugins/mod.ts";
import { withPipelineFixture } from "../../pipeline/pipeline_fixture.ts";
import { openClient } from "./studio_client.ts";

Deno.test("a pipeline goes on by its folder, with the options of the call that began it", () =>
  withPipelineFixture(async ({ folder, data, output, model }) => {
    const root = await Deno.realPath(folder);
    const abort = new AbortController();
    const options: PipelineOptions = {
      ...{ data: relative(Deno.cwd(), data), output, model, until: "levels", estimate: false },
      ...{ foregroundShare: 0.3, schedule: { edges: [0, 0.5], levels: [50, 150] } },
      configuration: { epochs: 3 },
    };
    const { stopped } = await runPipeline(options, {
      methods: bundledMethods,
      signal: abort.signal,
      report: ({ kind }) => kind === "end" && abort.abort(),
    });
    assertEquals(stopped, "ratios");
    const run = basename(output);
    const { call, refused, jobIn, close } = await openClient(root);
    try {
      const asked = {
        ...{ data: join(root, "photos"), model: join(root, "tokens.safetensors") },
        ...{ foregroundShare: 0.3, ranges: [0, 0.5], levels: [50, 150] },
        ...{ estimate: false, epochs: 3 },
      };
      const path = await call<PathAnswer>("GET", `/api/path?output=${run}`);
      assertEquals([path.data, path.options], [asked.data, asked]);
      const job = await call<Job>("POST", `/api/run?run=${run}`, { action: "resume" });
      assertEquals(job.options, { ...asked, until: "levels", output: join(root, run) });
      await jobIn(job.id, "finished");
      const { stages } = await call<PathAnswer>("GET", `/api/path?output=${run}`);
      assertEquals(stages.slice(0, 3).map(({ state }) => state), ["done", "done", "done"]);
      assert(/ at (50|150)$/.test(stages[2]!.found), stages[2]!.found);

      // Of a folder of before calls were recorded, and of which the queue knows nothing, nobody can say.
      const before = join(root, "before");
      await Deno.mkdir(before);
      await writeRecord(before, await readRecord(output));
      const [status, error] = await refused("POST", "/api/run?run=before", { action: "resume" });
      assertEquals(status, 400);
      assertStringIncludes(error, "start the pipeline with its options and this output");

      // The record may be anybody's: what it asks for is checked as any other request.
      const hostile = { data: "a\0b", output: "/etc", model: "x".repeat(5000), port: 1 };
      await writeRecord(before, {}, { folder: "/\0", options: hostile });
      const shown = await call<PathAnswer>("GET", "/api/path?output=before");
      assertEquals(shown.options["data"], "a\0b");
      const [, found] = await refused("POST", "/api/run?run=before", { action: "resume" });
      assertStringIncludes(found, "holds a NUL");
      assertStringIncludes(found, "--port is not known");
    } finally {
      await close();
    }
  }));
