import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { withPipelineFixture } from "../../pipeline/pipeline_fixture.ts";
import { CHROMIUM, TestBrowser } from "./browser.ts";
import { SMALL_PIPELINE, stage } from "./path_stages.ts";
import { COMPILING, StudioProcess } from "./studio_process.ts";

Deno.test({
  name:
    "the studio in a browser: GenView's path is walked by its buttons, stopped, gone on with and looked at closer",
  ignore: CHROMIUM === undefined,
  fn: () =>
    withPipelineFixture(async ({ folder, generator }) => {
      const common = { data: "photos", output: "out", until: "features", ...SMALL_PIPELINE };
      const values = new URLSearchParams({ task: "pipeline", options: JSON.stringify(common) });
      await using studio = new StudioProcess(folder);
      await using browser = await TestBrowser.open();
      await using view = await browser.newPage();
      const { page } = view;
      await page.goto(`${await studio.address()}#/new?${values}`);
      await page.waitForSelector(".request button.primary:not([disabled])");
      await page.click(".request button.primary");
      await page.waitForSelector(".job");

      await view.show("#/path?output=out", ".stage");
      await view.until(`${stage("Masks", ".state.finished")} != null`, COMPILING);
      await view.until(`${stage("Masks", "img")}?.naturalWidth > 0`);
      // The button goes on with the options of the call that began the path.
      await view.until(`${stage("Variations", "button")}.disabled === false`);
      await view.value(`${stage("Variations", "button")}.click()`);
      await view.until(`${stage("Variations", ".state.finished")} != null`, COMPILING);
      await view.until(`${stage("Variations", "img")}?.naturalWidth > 0`);
      const levels = await view.value<string>(`${stage("Levels", "p")}.textContent`);
      assert(levels.startsWith("images by noise level: "), levels);

      await view.until("document.querySelector('.actions button.primary').disabled === false");
      await page.click(".actions button.primary");
      await view.until(`${stage("Training", ".percent")}?.textContent > "0.0 %"`, COMPILING);
      await view.until(
        "document.querySelector('.actions button:not(.primary)').disabled === false",
      );
      await page.click(".actions button:not(.primary)");
      await view.until(`${stage("Training", ".state.stopped")} != null`, COMPILING);
      await view.until("document.querySelector('.actions button.primary').disabled === false");
      const { asked } = JSON.parse(await Deno.readTextFile(join(folder, "out", "pipeline.json")));
      assertEquals([asked.options.until, asked.options.numInferenceSteps], ["report", 1]);
      assert(asked.options.generator.endsWith(generator.split("/").at(-1)!));

      // A threshold that is dragged over the scores that the network has given.
      await view.value(`${stage("Masks", "a")}.click()`);
      await page.waitForSelector(".masks canvas");
      const ratios =
        "[...document.querySelectorAll('.ratio')].map((ratio) => parseFloat(ratio.textContent))";
      const counts =
        "[...document.querySelectorAll('.levels td.number')].map((count) => Number(count.textContent))";
      const before = await view.value<number[]>(ratios);
      assertEquals(before.length, 6);
      assertEquals((await view.value<number[]>(counts)).reduce((sum, count) => sum + count), 6);
      const threshold = "parseFloat(document.querySelector('output').textContent)";
      const chosen = await view.value<number>(threshold);
      const slider = (await (await page.$("input[name=threshold]"))!.boundingBox())!;
      const y = slider.y + slider.height / 2;
      const at = await view.value<number>(`(() => {
        const { min, max, value } = document.querySelector('input[name=threshold]');
        return (value - min) / (max - min);
      })()`);
      await page.mouse.move(slider.x + slider.width * at, y);
      await page.mouse.down();
      await page.mouse.move(slider.x + slider.width * 0.97, y, { steps: 4 });
      await page.mouse.up();
      await view.until(`${threshold} > ${chosen}`);
      const after = await view.value<number[]>(ratios);
      assert(after.every((ratio, i) => ratio <= before[i]!), `${before} to ${after}`);
      assert(after.some((ratio, i) => ratio < before[i]!), `${before} to ${after}`);
      const lowest = await view.value<number[]>(counts);
      assertEquals(lowest.reduce((sum, count) => sum + count), 6);

      await view.show("#/masks?output=out&tab=variations", ".samples img");
      await view.until(
        "document.querySelectorAll('.samples img').length === 12 && [...document.querySelectorAll('.samples img')].slice(0, 2).every((img) => img.naturalWidth > 0)",
      );
      await view.show("#/path?output=out", ".stage.waiting");
      await view.value(`${stage("Training", "a")}.click()`);
      await page.waitForSelector(".standing .state.stopped");
      assertEquals(view.errors, []);
    }),
});
