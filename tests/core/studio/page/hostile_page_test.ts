import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { serveStudio } from "../../../../core/studio/mod.ts";
import { inFolder } from "../../../in_folder.ts";
import { pretrainingFiles, writeFiles } from "../runs/run_folders.ts";
import { STARTS_NOTHING } from "../server/open_studio.ts";
import { CHROMIUM, TestBrowser } from "./browser.ts";

/** What a page of another port of this machine tries, to whose requests the browser adds the studio's cookie; what each came to. */
const ATTACKS = `async (origin) => {
  const read = (address, init) => fetch(origin + address, { credentials: "include", ...init })
    .then(async (answer) => answer.type + " " + (await answer.text()).length, () => "refused");
  const element = (name, attributes) => new Promise((resolve) => {
    const made = Object.assign(document.createElement(name), attributes);
    made.onload = () => resolve(name === "iframe" ? String(made.contentDocument) : "loaded");
    made.onerror = () => resolve("refused");
    document.body.append(made);
  });
  const tag = JSON.stringify({ action: "tag", tags: ["taken"] });
  const body = (type) => ({ method: "POST", body: tag, headers: { "content-type": type } });
  return {
    reads: await read("/api/runs"),
    readsBlindly: await read("/api/runs", { mode: "no-cors" }),
    tags: await read("/api/run?run=run", body("application/json")),
    tagsSimply: await read("/api/run?run=run", { mode: "no-cors", ...body("text/plain") }),
    picture: await element("img", { src: origin + "/api/file?run=run&path=a.png" }),
    script: await element("script", { src: origin + "/api/runs" }),
    frame: await element("iframe", { src: origin + "/" }),
    hears: await new Promise((resolve) => {
      const source = new EventSource(origin + "/api/events", { withCredentials: true });
      source.onopen = () => resolve("heard");
      source.onerror = () => resolve("refused");
    }),
  };
}`;

const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
);

Deno.test({
  name: "a hostile page of another port reads nothing, shows nothing and changes nothing",
  ignore: CHROMIUM === undefined,
  fn: () =>
    inFolder(async (root) => {
      await writeFiles(join(root, "run"), pretrainingFiles(3));
      await Deno.writeFile(join(root, "run", "a.png"), PNG);
      const ended = new AbortController();
      const { address, studio, finished } = await serveStudio({
        root,
        ...STARTS_NOTHING,
        signal: ended.signal,
      });
      await using hostile = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        () => new Response("<!doctype html><body>", { headers: { "content-type": "text/html" } }),
      );
      await using browser = await TestBrowser.open();
      await using view = await browser.newPage();
      const { page } = view;
      await page.goto(address);
      await page.waitForSelector("table.runs tbody tr");
      const { origin } = new URL(address);
      const picture = "/api/file?run=run&path=a.png";
      // The page itself may.
      assertEquals(await view.value(`fetch("${picture}").then(({ status }) => status)`), 200);
      await page.goto(`http://127.0.0.1:${hostile.addr.port}/`);
      assertEquals(await view.value(`(${ATTACKS})("${origin}")`), {
        ...{ reads: "refused", readsBlindly: "refused", tags: "refused", tagsSimply: "refused" },
        ...{ picture: "refused", script: "refused", frame: "null", hears: "refused" },
      });
      assertEquals((await studio.context.runs.row("run")).tags, []);
      ended.abort();
      await finished;
    }),
});
