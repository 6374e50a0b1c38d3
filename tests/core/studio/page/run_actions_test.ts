import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { withPipelineFixture } from "../../pipeline/pipeline_fixture.ts";
import { CHROMIUM, TestBrowser, type TestPage } from "./browser.ts";
import {
  answer,
  COMPILING,
  finish,
  hasState,
  press,
  start,
  STEPS,
  StudioProcess,
} from "./studio_process.ts";

/** Address of a form with some of its options. */
function form(task: string, options: Readonly<Record<string, unknown>>, own = {}): string {
  const values = { task, options: JSON.stringify(options), own: JSON.stringify(own) };
  return `#/new?${new URLSearchParams(values)}`;
}

/** Six steps in two epochs. */
const TRAINING = form("train", {
  ...{ data: "photos", output: "first", preset: "cifar", backbone: "clip_vit_tiny_patch8_64" },
  ...{ stem: "imagenet", batchSize: 2, threads: 1, device: "cpu", checkpointEvery: 1 },
  ...{ keepCheckpoints: 9, evaluateEvery: 0 },
}, { projectorWidth: 32, predictorWidth: 16 });

/** Shows a run once it is there. */
async function showRun(view: TestPage, run: string): Promise<void> {
  await view.show(`#/run?run=${run}`, ".standing");
}

/** The text of the page's middle. */
const MAIN = "document.querySelector('main').textContent";

Deno.test({
  name:
    "the studio in a browser: a run is tried dry, lengthened, forked, evaluated and exported, all from the page",
  ignore: CHROMIUM === undefined,
  fn: () =>
    withPipelineFixture(async ({ folder }) => {
      await using studio = new StudioProcess(folder);
      await using browser = await TestBrowser.open();
      await using view = await browser.newPage();
      const { page } = view;
      await page.goto(`${await studio.address()}${TRAINING}`);
      await page.waitForSelector("#field-epochs");
      await page.type("#field-epochs", "2");
      await page.waitForSelector(".request button.primary:not([disabled])");
      await view.value(
        "[...document.querySelectorAll('.request button')].find((button) => button.textContent === 'Dry run').click()",
      );
      const facts = "[...document.querySelectorAll('.request dt')].map((fact) => fact.textContent)";
      await view.until(`${facts}.length > 0`, COMPILING);
      // On a machine that is busy there may be no time to measure steps, and it says so.
      const told = await view.value<string[]>(facts);
      const text = await view.value<string>("document.querySelector('.request pre').textContent");
      const hasTime = told.includes("time") || text.includes("could not be measured within");
      assert(told[0] === "memory at its peak" && hasTime, `${told}: ${text}`);
      await start(view);
      await finish(view, 1);

      await showRun(view, "first");
      await view.until(hasState("finished"));
      assertEquals(await view.value(STEPS), 6);
      await press(view, "Lengthen…");
      await answer(view, "3");
      await finish(view, 2);
      await showRun(view, "first");
      await view.until(`${hasState("finished")} && ${STEPS} === 9`);

      await press(view, "Fork…");
      await page.waitForSelector("dialog[open] select");
      await page.select("dialog select", "step-000000003");
      await answer(view, "forked");
      await finish(view, 3);
      await showRun(view, "forked");
      await view.until(hasState("finished"));
      const forked = JSON.parse(await Deno.readTextFile(join(folder, "forked/configuration.json")));
      assert(forked.startedFrom.endsWith("first/checkpoints/step-000000003"), forked.startedFrom);

      await press(view, "Export…");
      await answer(view, "backbone.safetensors");
      await finish(view, 4);
      assert((await Deno.stat(join(folder, "backbone.safetensors"))).size > 1e6);
      await showRun(view, "forked");
      await press(view, "Evaluate…");
      await answer(view);
      await finish(view, 5);
      await showRun(view, "forked");
      await view.until(`${MAIN}.includes('without seeing the images one reaches 50.0 %')`);
      await view.show("#/compare?runs=first,forked", ".compared li:nth-child(2)");
      await view.until(`/kNN .*top1/.test(${MAIN})`);
      assertEquals(view.errors, []);
    }),
});

Deno.test({
  name: "the studio in a browser: features are extracted and variations generated from forms",
  ignore: CHROMIUM === undefined,
  fn: () =>
    withPipelineFixture(async ({ folder }) => {
      await Deno.writeTextFile(join(folder, "list.txt"), "cats/0.png 0\nbig dogs/1.png 100\n");
      await using studio = new StudioProcess(folder);
      await using browser = await TestBrowser.open();
      await using view = await browser.newPage();
      const { page } = view;
      const common = { threads: 1, device: "cpu" };
      const extraction = { ...common, model: "tokens.safetensors", outputDir: "features" };
      await page.goto(`${await studio.address()}${form("extract-features", extraction)}`);
      await page.waitForSelector("#field-inputList");
      await page.type("#field-inputList", "photos");
      assert(
        !(await page.$$eval(".request button", (all) => all.map((each) => each.textContent)))
          .includes("Dry run"),
      );
      await start(view);
      await finish(view, 1);
      assert((await Deno.stat(join(folder, "features"))).isDirectory);

      const generation = { ...common, inputList: "list.txt", inputPrefix: "photos", batchSize: 1 };
      await view.show(
        form("variations", { ...generation, model: "generator", numInferenceSteps: 2 }),
        "#field-outputPrefix",
      );
      await page.type("#field-outputPrefix", "varied");
      await start(view);
      await finish(view, 2);
      for (const name of ["cats/0.png", "big dogs/1.png"]) {
        assert((await Deno.stat(join(folder, "varied", name))).isFile, name);
      }
      assertEquals(view.errors, []);
    }),
});
