import { assert, assertEquals } from "@std/assert";
import { copy } from "./copy_folder.ts";
import { join } from "node:path";
import { inFolder } from "../../../in_folder.ts";
import { drawPictures } from "../../../tasks/square_pictures.ts";
import { CHROMIUM, TestBrowser } from "./browser.ts";
import { COMPILING, hasState, press, STEPS, StudioProcess } from "./studio_process.ts";

/** A run of three steps an epoch that does not end by itself. */
const TINY = new URLSearchParams({
  preset: "cifar",
  options: JSON.stringify({
    stem: "imagenet",
    batchSize: 2,
    threads: 1,
    epochs: 100_000,
    checkpointEvery: 100_000,
    evaluateEvery: 0,
  }),
  own: JSON.stringify({ projectorWidth: 32, predictorWidth: 16 }),
});

Deno.test({
  name:
    "the studio in a browser: a run is started from the form, watched, stopped, resumed, mapped and compared",
  ignore: CHROMIUM === undefined,
  fn: () =>
    inFolder(async (folder) => {
      await drawPictures(join(folder, "photos"));
      await using studio = new StudioProcess(folder);
      await using browser = await TestBrowser.open();
      await using view = await browser.newPage();
      const { page } = view;
      await page.goto(`${await studio.address()}#/new?${TINY}`);
      assert(!page.url().includes("token"), "the token leaves the address");

      await page.waitForSelector("#field-output");
      await page.type("#field-data", "photos");
      await page.type("#field-output", "first");
      await page.waitForSelector(".request button.primary:not([disabled])");
      await page.click(".request button.primary");
      await page.waitForSelector('.job a[href*="first"]');
      await page.click('.job a[href*="first"]');

      await page.waitForSelector(".metric canvas", { timeout: COMPILING });
      await view.until(`${STEPS} > 5`);
      const seen = await view.value<number>(STEPS);
      await view.until(`${STEPS} > ${seen}`);

      await press(view, "Stop");
      await view.until(hasState("stopped"));
      const stopped = await view.value<number>(STEPS);
      await press(view, "Resume");
      await view.until(`${hasState("running")} && ${STEPS} > ${stopped}`, COMPILING);
      await press(view, "Stop");
      await view.until(hasState("stopped"));

      // The network's features of the six pictures are computed and laid out.
      await view.value('location.hash = "#/run?run=first&tab=map&points=200"');
      await page.waitForSelector("canvas.map-canvas", { timeout: COMPILING });
      await view.until("document.querySelector('.legend')?.textContent.includes('big dogs')");

      await copy(join(folder, "first"), join(folder, "second"));
      await view.show("#/compare?runs=first,second", ".compared li:nth-child(2)");
      await page.waitForSelector(".metric canvas");
      await view.until(
        "document.querySelector('main').textContent.includes('All options of these runs are alike')",
      );
      // The run's page is opened before the run is there, which the browser tells of by itself.
      assertEquals(view.errors.filter((error) => !error.includes("404")), []);
    }),
});
