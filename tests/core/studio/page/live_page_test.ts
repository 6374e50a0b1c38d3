import { assertEquals } from "@std/assert";
import { CHROMIUM, TestBrowser, type TestPage } from "./browser.ts";
import { rowOf } from "./made_up_answers.ts";
import { MadeUpStudio } from "./made_up_studio.ts";

const IS_LIVE = "document.querySelector('.connection.on') !== null";
const AGO = "document.querySelector('.standing .ago').textContent";

/** Hides a page from its user, or shows it again. */
async function hide({ page }: TestPage, isHidden: boolean): Promise<void> {
  await page.evaluate(`(() => {
    Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  })()`);
}

const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

Deno.test({
  name: "a page that is hidden takes no connection from those that are seen, and catches up",
  ignore: CHROMIUM === undefined,
  async fn() {
    await using studio = new MadeUpStudio(3);
    await using browser = await TestBrowser.open();
    // One more than the connections that a browser holds to a server of HTTP/1.1.
    for (let tab = 1; tab <= 7; tab++) {
      const view = await browser.newPage();
      await view.page.goto(studio.address);
      await view.until(IS_LIVE);
      assertEquals(studio.listeners, 1, `with ${tab} tabs`);
      if (tab < 7) {
        await hide(view, true);
        while (studio.listeners > 0) await wait(20);
      } else {
        const reads = () => studio.calls.filter(({ path }) => path === "/api/runs").length;
        const before = reads();
        await hide(view, true);
        await hide(view, false);
        await view.until(IS_LIVE);
        while (studio.listeners !== 1) await wait(20);
        while (reads() === before) await wait(20);
        studio.announce({ kind: "run", row: { ...rowOf(0), run: "newcomer" } });
        await view.until("document.querySelector('table.runs').textContent.includes('newcomer')");
        assertEquals(view.errors, []);
      }
    }
  },
});

Deno.test({
  name: "how long ago a run has changed goes on by itself, but while the page is hidden",
  ignore: CHROMIUM === undefined,
  async fn() {
    await using studio = new MadeUpStudio(3);
    await using browser = await TestBrowser.open();
    await using view = await browser.newPage();
    await view.page.goto(`${studio.address}#/run?run=sweep/run-3`);
    await view.until(IS_LIVE);
    await view.until("document.querySelector('.standing .ago') !== null");
    // The run's charts have a connection of their own take the place of the first: between them nothing is heard.
    const openings = () => studio.calls.filter(({ path }) => path === "/api/events").length;
    while (openings() < 2 || studio.listeners !== 1) await wait(20);
    await view.until(IS_LIVE);
    const changed = Date.now() - 58_000;
    studio.announce({ kind: "run", row: { ...rowOf(3), changed } });
    await view.until(`/^(58|59|1) /.test(${AGO})`);
    await view.until(`${AGO} === "1 min ago"`);
    await hide(view, true);
    await view.page.evaluate("globalThis.realNow = Date.now, Date.now = () => realNow() + 180000");
    await wait(1500);
    assertEquals(await view.value(AGO), "1 min ago");
    await hide(view, false);
    await view.until(`${AGO} === "4 min ago"`);
    assertEquals(view.errors, []);
  },
});
