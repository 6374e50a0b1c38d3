import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { basename, join } from "node:path";
import { FolderLock } from "../../../../core/files/folder_lock.ts";
import { runPipeline } from "../../../../core/pipeline/mod.ts";
import { readRecord, writeRecord } from "../../../../core/pipeline/pipeline_record.ts";
import type { PathAnswer, PathStage } from "../../../../core/studio/api/actions.ts";
import { bundledMethods } from "../../../../plugins/mod.ts";
import { inFolder } from "../../../in_folder.ts";
import { withPipelineFixture } from "../../pipeline/pipeline_fixture.ts";
import { openClient } from "./studio_client.ts";

Deno.test("GenView's path is told stage by stage, from what its stages have left", () =>
  withPipelineFixture(async ({ folder, data, output, model }) => {
    await runPipeline({ data, output, model, until: "levels", estimate: false }, {
      methods: bundledMethods,
    });
    const { call, refused, close } = await openClient(folder);
    const path = `/api/path?output=${basename(output)}`;
    const stages = async () =>
      Object.fromEntries(
        (await call<PathAnswer>("GET", path)).stages.map((stage) => [stage.name, stage]),
      ) as Record<PathStage["name"], PathStage>;
    const states = async () => Object.values(await stages()).map(({ state }) => state);
    const { features, ratios, levels, variations } = await stages();
    assertEquals(await states(), [
      ...["done", "done", "done"],
      ...["waiting", "waiting", "waiting", "waiting"],
    ]);
    assertStringIncludes(features.found, "% of the tokens of 6 images by");
    assertEquals(ratios.found, "6 images of 6 with a foreground ratio");
    assertStringIncludes(levels.found, "images by noise level: ");
    assertEquals(variations, {
      ...{ name: "variations", state: "waiting", progress: 0, found: "", pictures: [] },
    });
    const shown = [features, ratios, levels].map(({ pictures }) => pictures);
    assertEquals(shown.map(({ length }) => length), [1, 1, 1]);
    for (const picture of shown.flat()) {
      assert((await Deno.stat(join(output, picture))).isFile, picture);
    }

    // As it stands while the ratios are made anew.
    const record = await readRecord(output);
    await writeRecord(output, { ...record, ratios: { ...record.ratios!, finished: false } });
    const list = join(output, "ratios", "fg_ratios.txt");
    const lines = (await Deno.readTextFile(list)).split("\n");
    await Deno.writeTextFile(list, lines.slice(0, 3).join("\n") + "\n");
    assertEquals((await states()).slice(0, 3), ["done", "waiting", "changed"]);
    {
      using _lock = await FolderLock.acquire(output);
      const now = (await stages()).ratios;
      assertEquals([now.state, now.progress, now.found], ["running", 0.5, ""]);
    }
    const nothing = await call<PathAnswer>("GET", "/api/path?output=new");
    assert(nothing.stages.every(({ state }) => state === "waiting"));
    assertEquals((await refused("GET", "/api/path?output=../new"))[0], 400);
    await close();
  }));

Deno.test({
  name: "GenView's path reads no pipe and follows no link out of the root",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const root = join(folder, "root");
      const output = join(root, "out");
      await Deno.mkdir(join(output, "ratios"), { recursive: true });
      await Deno.mkdir(join(folder, "others"));
      await Deno.writeTextFile(join(folder, "others", "fg_ratios_0.txt"), "a 0.1\n");
      const stage = { settings: {}, finished: true };
      const { call, refused, close } = await openClient(root);
      const path = "/api/path?output=out";

      await writeRecord(output, { levels: stage });
      assertEquals((await call<PathAnswer>("GET", path)).stages[2]!.state, "done");
      await Deno.symlink(join(folder, "others"), join(output, "levels"));
      assertEquals((await refused("GET", path))[0], 400);
      await Deno.remove(join(output, "levels"));

      await writeRecord(output, { ratios: stage });
      const { success } = await new Deno.Command("mkfifo", {
        args: [join(output, "ratios", "fg_ratios.txt")],
      }).output();
      assert(success);
      assertEquals((await refused("GET", path))[0], 400);

      await Deno.remove(join(output, "pipeline.json"));
      await Deno.writeTextFile(join(folder, "others", "pipeline.json"), "{}");
      await Deno.symlink(join(folder, "others", "pipeline.json"), join(output, "pipeline.json"));
      assertEquals((await refused("GET", path))[0], 400);
      await close();
    }),
});
