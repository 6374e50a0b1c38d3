import { assert, assertEquals } from "@std/assert";
import { CHROMIUM, TestBrowser, type TestPage } from "./browser.ts";
import { HOSTILE, rowOf, seriesOf, STEPS } from "./made_up_answers.ts";
import { MadeUpStudio } from "./made_up_studio.ts";

const RUN = "#/run?run=living";

/** Every view, and an element by which one sees that it is there. */
const VIEWS = [
  ["#/runs?group=option.method", "tr.group"],
  [RUN, ".metric canvas"],
  [`${RUN}&tab=views`, ".samples img"],
  [`${RUN}&tab=pairs`, ".pairs img"],
  [`${RUN}&tab=neighbours`, ".queries img"],
  [`${RUN}&tab=map`, "canvas.map-canvas"],
  [`${RUN}&tab=pictures`, ".gallery img"],
  [`${RUN}&tab=checkpoints`, "#panel table"],
  [`${RUN}&tab=configuration`, ".tree"],
  [`${RUN}&tab=environment`, ".facts"],
  [`${RUN}&tab=logs`, ".log"],
  ["#/compare?runs=living,sweep/run-1", ".metric canvas"],
  ["#/masks?output=out", ".masks canvas"],
  ["#/masks?output=out&tab=variations", ".samples img"],
  ["#/path", "form.card"],
  ["#/path?output=out", ".stage"],
  ["#/new?method=simclr", ".field"],
  ["#/queue", ".job"],
  ["#/run?run=nowhere", ".failed"],
  ["#/nothing", "main h1"],
] as const;

/** Runs of the made-up studio where not their number is tried: axe-core takes its time for each cell. */
const FEW = 12;

type Trial = (browser: TestPage, studio: MadeUpStudio) => Promise<void>;

const trials: [name: string, trial: Trial, runs: number][] = [];

function trial(name: string, run: Trial, runs = FEW): void {
  trials.push([name, run, runs]);
}

trial(
  "every view meets WCAG 2.2 AA in both themes, fits every width and takes names for text",
  async (browser, studio) => {
    const { page } = browser;
    await page.goto(studio.address);
    await page.waitForSelector("table.runs tbody tr");
    const found: string[] = [];
    const isTooWide = "document.documentElement.scrollWidth > innerWidth";
    for (const [hash, selector] of VIEWS) {
      await browser.show(hash, selector);
      for (const theme of ["light", "dark"] as const) {
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
        const problems = await browser.violations(theme === "light" ? "all" : "colours");
        found.push(...problems.map((problem) => `${theme} ${hash} ${problem}`));
      }
      for (const width of [2560, 360, 1280]) {
        await page.setViewport({ width, height: 900 });
        if (await browser.value(isTooWide)) found.push(`${hash} is wider than ${width} pixels`);
      }
      assertEquals(
        await browser.value("document.querySelectorAll('[onerror], main b i').length"),
        0,
        hash,
      );
    }
    assertEquals(found, []);
    assert(!(await page.title()).includes("taken"));
    // A run that is not there is a call that failed, which the browser tells of by itself.
    assertEquals(browser.errors.filter((error) => !error.includes("404")), []);
  },
);

trial(
  "500 runs are searched, sorted, grouped and chosen, and the address keeps all of it",
  async (browser, studio) => {
    const { page } = browser;
    await page.goto(studio.address);
    await page.waitForSelector("table.runs tbody tr");
    const found = "parseInt(document.querySelector('.heading .faded')?.textContent ?? '500')";
    const rows = "document.querySelectorAll('table.runs tbody tr:not(.group)').length";
    assert(await browser.value<number>(rows) < 500, "rows are drawn as one comes to them");
    for (let scrolls = 0; await browser.value<number>(rows) < 500; scrolls++) {
      assert(scrolls < 50, "all rows can be reached by scrolling");
      await browser.value("document.querySelector('.table').scrollTop = 1e6");
      await new Promise((done) => setTimeout(done, 100));
    }
    assert((await page.$eval("table.runs", (table) => table.textContent))?.includes(HOSTILE));

    await page.keyboard.press("Tab");
    assertEquals(await browser.value("document.activeElement.className"), "skip");
    await page.keyboard.press("Enter");
    assertEquals(await browser.value("document.activeElement.id"), "main");

    await page.focus("input[type=search]");
    await page.keyboard.type('method=byol "knn top1">0.5');
    await browser.until(`${found} < 170`);
    const names =
      "[...document.querySelectorAll('table.runs tbody th a')].map((a) => a.textContent)";
    const before = await browser.value<string[]>(names);
    await page.click('table.runs thead button[title="metric.loss"]');
    await page.waitForSelector('th[aria-sort="descending"] button[title="metric.loss"]');
    const after = await browser.value<string[]>(names);
    assertEquals(after.length, before.length);
    assert(after[0] !== before[0], "another run stands first");

    await page.click("table.runs tbody tr:nth-child(1) input");
    await page.click("table.runs tbody tr:nth-child(2) input");
    const address = page.url();
    await page.reload();
    await browser.until(`${found} < 170 && document.querySelectorAll('tr.chosen').length === 2`);
    assertEquals(page.url(), address);
    await page.click("button.primary");
    await page.waitForSelector(".compared li:nth-child(2)");
    await page.goBack();
    await browser.until(`${found} < 170`);
    assertEquals(browser.errors, []);
  },
  500,
);

trial(
  "a run that trains moves nothing on the page but its curves and numbers",
  async (browser, studio) => {
    const { page } = browser;
    await page.goto(`${studio.address}${RUN}`);
    await page.waitForSelector(".metric canvas");
    await browser.until("document.querySelector('.connection.on') !== null");
    await studio.called("/api/events", "run", "living");
    await browser.value(`globalThis.shifts = 0; new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts += entry.value;
    }).observe({ type: "layout-shift" })`);
    for (let step = STEPS + 1; step <= STEPS + 20; step++) {
      const known = seriesOf("living");
      const last = <T>(values: readonly T[]): T[] => [values.at(-1) as T];
      const steps = known.steps.map(({ name, values }) => ({
        name,
        steps: [step],
        seconds: [step],
        values: last(values),
      }));
      studio.announce({ kind: "run", row: rowOf(0, step) });
      studio.announce({ kind: "series", series: { ...known, steps, epochs: [] } });
    }
    await browser.until("document.querySelector('.standing').textContent.includes('140 of 600')");
    await browser.until("document.querySelector('.readout').textContent.startsWith('step 140')");
    assertEquals(await browser.value("shifts"), 0);

    await page.focus(".chart");
    await page.keyboard.press("Home");
    await browser.until("document.querySelector('.readout').textContent.startsWith('step 1:')");
    await page.keyboard.press("+");
    await browser.until("location.hash.includes('to=')");
    await browser.until(
      "document.querySelector('.toolbar .hint').textContent.includes('each of them')",
    );
    const asked = await studio.called("/api/series", "to");
    assert(Number(asked.query["to"]) < STEPS, "the range is asked for");
    await page.goBack();
    await browser.until("!location.hash.includes('to=')");
    assertEquals(browser.errors, []);
  },
);

trial(
  "a threshold that is dragged changes masks, ratios and levels at once",
  async (browser, studio) => {
    const { page } = browser;
    await page.goto(`${studio.address}#/masks?output=out`);
    await page.waitForSelector(".masks canvas");
    const ratios =
      "[...document.querySelectorAll('.ratio')].map((ratio) => parseFloat(ratio.textContent))";
    const shaded = `(() => {
      const canvas = document.querySelector('.masks canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 100).length / (canvas.width * canvas.height);
    })()`;
    const before = await browser.value<number[]>(ratios);
    const shadedBefore = await browser.value<number>(shaded);
    const asked = (): number => studio.calls.filter(({ path }) => path !== "/api/picture").length;
    const calls = asked();
    const slider = (await (await page.$("input[name=threshold]"))?.boundingBox())!;
    const y = slider.y + slider.height / 2;
    const at = await browser.value<number>(`(() => {
      const { min, max, value } = document.querySelector('input[name=threshold]');
      return (value - min) / (max - min);
    })()`);
    await page.mouse.move(slider.x + slider.width * at, y);
    await page.mouse.down();
    await page.mouse.move(slider.x + slider.width * 0.95, y, { steps: 4 });
    await page.mouse.up();
    await browser.until(`${ratios}[0] < ${before[0]}`);
    const after = await browser.value<number[]>(ratios);
    assert(after.every((ratio, i) => ratio < before[i]!), `${before} to ${after}`);
    assert(await browser.value<number>(shaded) > shadedBefore, "more is shaded");
    assertEquals(asked(), calls, "the page needs no call");
    assert(
      (await browser.value<string[]>(
        "[...document.querySelectorAll('.masks li b:nth-of-type(1)')].map((b) => b.textContent)",
      ))
        .length > 0,
    );
    await page.keyboard.press("Home");
    await browser.until(`${ratios}.every((ratio) => ratio > 95)`);
    assertEquals(browser.errors, []);
  },
);

trial(
  "the map is walked through by keys, and its slider moves the points",
  async (browser, studio) => {
    const { page } = browser;
    await page.goto(`${studio.address}${RUN}&tab=map`);
    await page.waitForSelector("canvas.map-canvas");
    const drawn = "document.querySelector('canvas.map-canvas').toDataURL()";
    const isDrawn = "document.querySelector('canvas.map-canvas').width > 400";
    await browser.until(isDrawn);
    await page.focus("canvas.map-canvas");
    await page.keyboard.press("n");
    await browser.until(
      "document.querySelector('aside.chosen').textContent.includes('cats/0.png')",
    );
    await page.keyboard.press("n");
    await browser.until(
      "document.querySelector('aside.chosen').textContent.includes('<i>dogs</i>')",
    );
    const last = await browser.value<string>(drawn);
    await page.focus("input[type=range]");
    await page.keyboard.press("Home");
    await browser.until("document.querySelector('output').textContent === 'before training'");
    await browser.until(`${drawn} !== ${JSON.stringify(last)}`);
    const first = await browser.value<string>(drawn);
    await page.focus("canvas.map-canvas");
    await page.keyboard.press("+");
    await browser.until(`${drawn} !== ${JSON.stringify(first)}`);
    await page.keyboard.press("0");
    await browser.until(`${drawn} === ${JSON.stringify(first)}`);
    assert(page.url().includes("at=0"));
    await browser.value(
      "[...document.querySelectorAll('option')].find(({ value }) => value === 'sweep/run-1').parentNode.id = 'beside'",
    );
    await page.select("#beside", "sweep/run-1");
    await browser.until("document.querySelectorAll('canvas.map-canvas').length === 2");
    assert(
      studio.calls.some(({ path, query }) => path === "/api/map" && query["run"] === "sweep/run-1"),
    );
    assertEquals(browser.errors, []);
  },
);

trial(
  "a form says what is wrong while one types, shows the command line and starts the run",
  async (browser, studio) => {
    const { page } = browser;
    await page.goto(`${studio.address}#/new`);
    await page.waitForSelector("#field-data");
    await page.waitForSelector("#field-data[aria-invalid=true]");
    await page.type("#field-data", "photos");
    await page.waitForSelector("#field-data:not([aria-invalid])");
    await page.select(".card select:nth-of-type(1)", "byol");
    await browser.until(
      "document.querySelector('.command code').textContent === 'deno task train --data photos --method byol'",
    );
    await page.waitForSelector("button.primary:not([disabled])");
    await page.click("button.primary");
    await page.waitForSelector(".job");
    const started = studio.calls.find(({ method, path }) =>
      method === "POST" && path === "/api/queue"
    );
    assertEquals(started?.body, { task: "train", options: { data: "photos", method: "byol" } });
    await page.goBack();
    await page.waitForSelector("#field-data");
    assertEquals(await browser.value("document.querySelector('#field-data').value"), "photos");
    assertEquals(browser.errors, []);
  },
);

trial(
  "a run is discarded only after its name was typed, and a dialog gives the focus back",
  async (browser, studio) => {
    const { page } = browser;
    await page.goto(`${studio.address}#/run?run=sweep/run-3`);
    await page.waitForSelector(".actions button");
    const open =
      "[...document.querySelectorAll('.actions button')].find((button) => button.textContent === 'Discard…')";
    await browser.value(`${open}.focus()`);
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog[open] button.danger[disabled]");
    await page.keyboard.press("Escape");
    await browser.until("document.querySelector('dialog') === null");
    assertEquals(await browser.value("document.activeElement.textContent"), "Discard…");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog[open] input");
    await page.type("dialog input", "run-3");
    await page.waitForSelector("dialog button.danger:not([disabled])");
    await page.keyboard.press("Enter");
    await page.waitForSelector("table.runs");
    const sent = studio.calls.find(({ method, path }) => method === "POST" && path === "/api/run");
    assertEquals(sent?.body, { action: "trash", confirm: "run-3" });
  },
);

trial(
  "tabs are walked by arrows, and the theme is kept",
  async (browser, studio) => {
    const { page } = browser;
    await page.goto(`${studio.address}${RUN}`);
    await page.waitForSelector("[role=tab]");
    await page.focus("[role=tab][aria-selected=true]");
    await page.keyboard.press("ArrowLeft");
    await page.waitForSelector("#tab-logs[aria-selected=true]");
    assertEquals(await browser.value("document.activeElement.id"), "tab-logs");
    assert(page.url().includes("tab=logs"));
    const paper = "getComputedStyle(document.body).backgroundColor";
    await page.select(".theme select", "dark");
    await page.reload();
    await page.waitForSelector("[role=tab]");
    assertEquals(await browser.value(paper), "rgb(18, 22, 27)");
    await page.select(".theme select", "light");
    assertEquals(await browser.value(paper), "rgb(255, 255, 255)");
    assertEquals(browser.errors, []);
  },
);

trial(
  "whoever asks for less motion gets none",
  async (browser, studio) => {
    const { page } = browser;
    await page.goto(`${studio.address}${RUN}`);
    await page.waitForSelector(".state.running .dot");
    const motion = "getComputedStyle(document.querySelector('.state.running .dot')).animationName";
    for (const [value, name] of [["no-preference", "breathe"], ["reduce", "none"]] as const) {
      await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value }]);
      await browser.until(`${motion} === "${name}"`);
    }
    assertEquals(browser.errors, []);
  },
);

Deno.test({
  name: "the page in a browser",
  ignore: CHROMIUM === undefined,
  async fn(context) {
    await using browser = await TestBrowser.open();
    for (const [name, run, runs] of trials) {
      await context.step(name, async () => {
        await using studio = new MadeUpStudio(runs);
        await using page = await browser.newPage();
        await run(page, studio);
      });
    }
  },
});
