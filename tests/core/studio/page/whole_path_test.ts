import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { TINY } from "../../unclip/training/tiny_generator.ts";
import { withPipelineFixture } from "../../pipeline/pipeline_fixture.ts";
import { CHROMIUM, TestBrowser } from "./browser.ts";
import { SMALL_PIPELINE, stage } from "./path_stages.ts";
import { COMPILING, finish, hasState, start, STEPS, StudioProcess } from "./studio_process.ts";

Deno.test({
  name: "the studio in a browser: GenView's path is walked from its form to its report",
  ignore: CHROMIUM === undefined,
  fn: () =>
    withPipelineFixture(async ({ folder }) => {
      const options = { data: "photos", output: "out", ...SMALL_PIPELINE, epochs: 1 };
      const values = { task: "pipeline", options: JSON.stringify({ ...options, until: "ratios" }) };
      await using studio = new StudioProcess(folder);
      await using browser = await TestBrowser.open();
      await using view = await browser.newPage();
      const { page } = view;
      await page.goto(`${await studio.address()}#/new?${new URLSearchParams(values)}`);
      await start(view);
      await view.show("#/path?output=out", ".stage");
      await view.until(`${stage("Ratios", ".state.finished")} != null`, COMPILING);
      await view.until("document.querySelector('.actions button.primary').disabled === false");
      await page.click(".actions button.primary");
      await view.until(`${stage("Report", ".state.finished")} != null`, COMPILING);
      for (const title of ["Masks", "Ratios", "Levels", "Variations", "Training", "Comparison"]) {
        await view.value(`${stage(title, "img")}.scrollIntoView()`);
        await view.until(`${stage(title, "img")}.naturalWidth > 0`);
        assertEquals(await view.value(`${stage(title, ".percent")}.textContent`), "100.0 %", title);
      }
      const comparison = await view.value<string>(`${stage("Comparison", "p")}.textContent`);
      assertStringIncludes(comparison, "before training");
      const address = await view.value<string>(
        `[...document.querySelectorAll('.stage a')].find((a) => a.textContent === 'Open the report').href`,
      );
      await page.goto(address);
      assertStringIncludes(await view.value<string>("document.body.textContent"), "Foreground");
      assertEquals(view.errors, []);
    }),
});

Deno.test({
  name: "the studio in a browser: a generator is trained from a form, and drawn by",
  ignore: CHROMIUM === undefined,
  fn: () =>
    withPipelineFixture(async ({ folder }) => {
      const { imageEncoder: _, data: _data, ...sizes } = TINY;
      await Deno.writeTextFile(join(folder, "tiny.json"), JSON.stringify(sizes));
      const common = { threads: 1, device: "cpu" };
      const values = {
        task: "generator",
        words: "train",
        options: JSON.stringify({
          ...{ ...common, config: "tiny.json", data: "photos", imageEncoder: "generator" },
          samples: false,
        }),
      };
      await using studio = new StudioProcess(folder);
      await using browser = await TestBrowser.open();
      await using view = await browser.newPage();
      const { page } = view;
      await page.goto(`${await studio.address()}#/new?${new URLSearchParams(values)}`);
      await page.waitForSelector("#field-output");
      await page.type("#field-output", "own");
      await start(view);
      await finish(view, 1);
      await view.show("#/run?run=own", ".standing");
      await view.until(hasState("finished"));
      assertEquals(await view.value(STEPS), TINY.autoencoder.steps + TINY.unet.steps);
      const sampled = new URLSearchParams({
        task: "generator",
        words: "sample own/model",
        options: JSON.stringify({ ...common, data: "photos", count: 2, numInferenceSteps: 2 }),
      });
      await view.show(`#/new?${sampled}`, "#field-output");
      await page.type("#field-output", "samples.png");
      await start(view);
      await finish(view, 2);
      assert((await Deno.stat(join(folder, "samples.png"))).size > 1000);
      assertEquals(view.errors, []);
    }),
});
