import { assert, assertEquals, assertMatch } from "@std/assert";
import { inFolder } from "../../../in_folder.ts";
import { serveRepository } from "../../../served_repository.ts";
import { ask, openStudio } from "./open_studio.ts";

/** Addresses that a module imports, or that a page or a style sheet loads. */
function addressesIn(text: string, type: string, base: string): string[] {
  const patterns = type.startsWith("text/javascript")
    ? [/^(?:import|export)\b[^;"']*?\bfrom\s*["']([^"'\n]+)["']/gm, /^import\s*["']([^"']+)["']/gm]
    : [/(?:src|href)="([^"]+)"/g, /@import\s+"([^"]+)"/g];
  const found = patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, each]) => each!));
  return found.filter((each) => !each.startsWith("data:") && !each.startsWith("#"))
    .map((each) => new URL(each, `http://studio${base}`).pathname);
}

Deno.test("the page and all that it loads are served from this disk, as a browser takes them", () =>
  inFolder(async (root) => {
    const studio = await openStudio(root);
    const pending = ["/"];
    const loaded = new Set<string>(pending);
    for (const path of pending) {
      const answer = await ask(studio, path);
      const text = await answer.text();
      assertEquals(answer.status, 200, `${path}: ${text.slice(0, 200)}`);
      const type = answer.headers.get("content-type")!;
      if (path.endsWith(".ts")) {
        assertMatch(type, /^text\/javascript/);
        assert(!/^import\b[^;]*["']npm:/m.test(text), path);
      }
      for (const address of addressesIn(text, type, path)) {
        if (loaded.has(address)) continue;
        loaded.add(address);
        pending.push(address);
      }
    }
    for (const name of ["/page/main.ts", "/deps/preact.ts", "/deps/uplot.ts"]) {
      assert(loaded.has(name), name);
    }
    assert([...loaded].some((path) => /^\/npm\/preact@[\d.]+\/hooks\//.test(path)));
    assert([...loaded].some((path) => path.endsWith(".css")));
  }));

Deno.test("no other file of this library or of a package is served", () =>
  inFolder(async (root) => {
    const studio = await openStudio(root);
    const { version } = await versionOf(studio);
    const paths = [
      "/page/deno.json",
      "/page/../mod.ts",
      "/page/%2e%2e/mod.ts",
      "/page/..%2f..%2fmod.ts",
      "/page/.hidden.ts",
      "/page/nothing.ts",
      "/server/guard.ts",
      "/deps/sharp.ts",
      "/deps/constructor.ts",
      `/npm/preact@${version}/package.json`,
      `/npm/preact@${version}/../../../x.js`,
      `/npm/preact@${version}/..%2f..%2fx.js`,
      "/npm/preact@1.0.0/dist/preact.mjs",
      "/npm/hono@4.13.19/dist/index.js",
      "/npm/__proto__@1/x.js",
      `/page/${"a".repeat(300)}.ts`,
    ];
    for (const path of paths) {
      const answer = await ask(studio, path);
      await answer.body?.cancel();
      assertEquals(answer.status, 404, path);
    }
  }));

/** A program that reads files of the page by a library that it imports from an address. */
const PROGRAM = (address: string) => `
const { PageFiles } = await import("${address}core/studio/server/page_files.ts");
const files = new PageFiles();
const read = [];
for (const path of ["/", "/page/main.ts", "/page/style.css", "/deps/preact.ts", "/page/nothing.ts"]) {
  read.push(await files.read(path).then(({ type }) => type, ({ name }) => name));
}
console.log(JSON.stringify(read));`;

Deno.test("where the library is imported by URL, the page's files come from beside it, by the permission to import", async () => {
  await using served = serveRepository();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--no-prompt", "--allow-read", `--allow-import=${served.host}`],
      `data:text/javascript,${encodeURIComponent(PROGRAM(served.address))}`,
    ],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), [
    "text/html; charset=utf-8",
    "text/javascript; charset=utf-8",
    "text/css; charset=utf-8",
    "text/javascript; charset=utf-8",
    "GenviewNotFound",
  ]);
});

async function versionOf(studio: Awaited<ReturnType<typeof openStudio>>) {
  const text = await (await ask(studio, "/deps/preact.ts")).text();
  return { version: /preact@([\d.]+)\//.exec(text)![1]! };
}
