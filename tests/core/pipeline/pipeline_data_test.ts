import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runPipeline } from "../../../core/pipeline/mod.ts";
import { findVariations } from "../../../core/variations/mod.ts";
import { bundledMethods } from "../../../plugins/mod.ts";
import { SAMPLES, SHARDS, withCache } from "../data/shards/shard_fixtures.ts";
import { smallOptions, withPipelineFixture } from "./pipeline_fixture.ts";

const CONTROL = { methods: bundledMethods };

/** Paths of the samples of the tars. */
const TARS = SAMPLES["numbered"]!.map(({ path }) => path!);

/** Names of the samples of the Parquet file. */
const ROWS = TARS.map((_, row) => `bytes/${row}`);

Deno.test("the pipeline goes over a pattern of shards, up to the report", () =>
  withCache(() =>
    withPipelineFixture(async (fixture) => {
      const data = join(SHARDS, "numbered-{000000..000001}.tar");
      const { output } = fixture;
      let matched: number | undefined;
      const outcome = await runPipeline({ ...smallOptions(fixture), data }, {
        ...CONTROL,
        report(event) {
          if (event.kind !== "pretraining" || event.event.kind !== "start") return;
          matched = event.event.coverage?.matched;
        },
      });
      assertEquals(outcome, { finished: true, page: join(output, "report/index.html") });
      const found = await findVariations([join(output, "variations")]);
      assertEquals([...found.keys()].sort(), TARS);
      assert((await Deno.readTextFile(outcome.page!)).includes(">Variations</h2>"));
      assertEquals(matched, TARS.length);
    })
  ));

Deno.test("the pipeline goes over a folder of shards, Parquet, and a list beside the folder of its images", () =>
  withCache(() =>
    withPipelineFixture(async (fixture) => {
      const { folder, data: photos } = fixture;
      const tars = join(folder, "tars");
      await Deno.mkdir(tars);
      for (const name of ["numbered-000000.tar", "numbered-000001.tar"]) {
        await Deno.copyFile(join(SHARDS, name), join(tars, name));
      }
      const list = `${photos}.txt`;
      await Deno.writeTextFile(list, "cats/0.png\ncats/2.png\n");
      for (
        const [data, sources] of [
          [tars, TARS],
          [join(SHARDS, "bytes.parquet"), ROWS],
          [list, ["cats/0.png", "cats/2.png"]],
        ] as const
      ) {
        const output = join(folder, "out", String(sources.length), sources[0]!);
        const options = { ...smallOptions(fixture), data, output, estimate: true };
        const skip = ["pretraining", "evaluation"] as const;
        assertEquals((await runPipeline({ ...options, skip }, CONTROL)).finished, true, data);
        const found = await findVariations([join(output, "variations")]);
        assertEquals([...found.keys()].sort(), sources);
      }
    })
  ));

Deno.test("shards whose variations could not be told apart are refused before anything is computed", () =>
  withCache(() =>
    withPipelineFixture(async (fixture) => {
      const options = { ...smallOptions(fixture), data: join(SHARDS, "structs.parquet") };
      await assertRejects(
        () => runPipeline(options, CONTROL),
        TypeError,
        "Cannot generate variations of rgb.png and rgb.webp",
      );
      assert(!existsSync(options.output));
    })
  ));

Deno.test("a list whose variations could not mirror it is refused before anything is computed", () =>
  withPipelineFixture(async (fixture) => {
    const data = join(fixture.folder, "list.txt");
    const options = { ...smallOptions(fixture), data };
    for (const path of [join(fixture.data, "cats/1.png"), "photos/../photos/cats/1.png"]) {
      await Deno.writeTextFile(data, `photos/cats/0.png\n${path}\n`);
      await assertRejects(
        () => runPipeline(options, CONTROL),
        TypeError,
        `paths of images must be relative and without "..", for variations to mirror them, found ${path} in ${data}`,
      );
      const until = { ...options, output: join(fixture.folder, path.length.toString()) };
      const { finished } = await runPipeline({ ...until, until: "levels" }, CONTROL);
      assert(finished);
    }
  }));
