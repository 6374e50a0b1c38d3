import { assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { GenviewError } from "../../../core/errors/mod.ts";
import { loadMethod } from "../../../core/method/load.ts";
import { fetchText } from "../../../core/method/module_text.ts";
import { inFolder } from "../../in_folder.ts";
import { BUILD, MANIFEST } from "../train/compile/written_plugin.ts";

/** A plugin on loopback whose files a test may change. */
async function served(
  test: (files: Map<string, string>, address: URL, cache: string, asked: string[]) => Promise<void>,
): Promise<void> {
  await inFolder(async (cache) => {
    const asked: string[] = [];
    const files = new Map([
      ["/mine/manifest.json", JSON.stringify(MANIFEST)],
      [
        "/mine/mod.ts",
        'import type { Method } from "https://genview.example/core/method/mod.ts";\n' +
        'import manifest from "./manifest.json" with { type: "json" };\n' +
        'import { build } from "./parts/build.ts";\nexport default { manifest, build };\n',
      ],
      ["/mine/parts/build.ts", `export const { build } = { ${BUILD} };\n`],
    ]);
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      ({ url }) => {
        const { pathname } = new URL(url);
        asked.push(pathname);
        const text = files.get(pathname);
        return text === undefined ? new Response("not found", { status: 404 }) : new Response(text);
      },
    );
    const address = new URL(`http://127.0.0.1:${server.addr.port}/mine/manifest.json`);
    await test(files, address, cache, asked);
  });
}

Deno.test("a method from the web is fetched once, with all its modules, and anew when that is asked for", () =>
  served(async (files, address, cache, asked) => {
    const first = await loadMethod(address, { cache });
    assertEquals(asked.toSorted(), [...files.keys()].toSorted());
    assertEquals([first.address, first.origin.href], [address.href, new URL("./", address).href]);
    assertEquals(first.entry.href, new URL("./mod.ts", address).href);

    files.set("/mine/parts/build.ts", `${files.get("/mine/parts/build.ts")}// changed\n`);
    const kept = await loadMethod(address, { cache });
    assertEquals([kept.sha256, asked.length], [first.sha256, files.size]);
    const renewed = await loadMethod(address, { cache, reload: true });
    assertNotEquals(renewed.sha256, first.sha256);
    assertEquals((await loadMethod(address, { cache })).sha256, renewed.sha256);

    assertStringIncludes(renewed.modules!.get("parts/build.ts")!, "// changed");
  }));

/** Serves what a test answers to each path. */
function answering(answer: (pathname: string) => Response): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ url }) => answer(new URL(url).pathname),
  );
}

Deno.test("a method from the web is not fetched from another host that its own redirects to", () =>
  served(async (files, address, cache, asked) => {
    for (const redirected of ["manifest.json", "mod.ts", "parts/build.ts"]) {
      await using first = answering((pathname) =>
        pathname.endsWith(redirected)
          ? Response.redirect(new URL(pathname, address), 302)
          : new Response(files.get(pathname) ?? null)
      );
      asked.length = 0;
      const own = `127.0.0.1:${first.addr.port}`;
      await assertRejects(
        () => loadMethod(new URL(`http://${own}/mine/manifest.json`), { cache }),
        TypeError,
        `Cannot fetch http://${own}/mine/${redirected}: a redirect must stay on ${own}, found one to ${address.host} ` +
          `(${new URL(redirected, address).href})`,
      );
      assertEquals(asked, []);
    }
    assertEquals((await loadMethod(address, { cache })).manifest.name, MANIFEST.name);
  }));

Deno.test("a method from the web is fetched from where its host redirects to on itself, but not without end", () =>
  served(async (files, _, cache) => {
    await using server = answering((pathname) => {
      const [, place, ...rest] = pathname.split("/");
      const location = { old: "mine", round: "round" }[place!];
      if (location === undefined) return new Response(files.get(pathname) ?? null);
      return new Response(null, {
        status: 301,
        headers: { location: `/${location}/${rest.join("/")}` },
      });
    });
    const at = (place: string) =>
      loadMethod(new URL(`http://127.0.0.1:${server.addr.port}/${place}/manifest.json`), { cache });
    assertEquals((await at("old")).sha256, (await at("mine")).sha256);
    await assertRejects(() => at("round"), GenviewError, "may redirect 20 times, found more");
  }));

Deno.test("a method from the web that is not there, or lacks a module, leaves what was kept as it was", () =>
  served(async (files, address, cache) => {
    const kept = await loadMethod(address, { cache });
    const entry = files.get("/mine/mod.ts")!;
    files.delete("/mine/mod.ts");
    const error = await assertRejects(
      () => loadMethod(address, { cache, reload: true }),
      TypeError,
      "there is no module",
    );
    assertStringIncludes(error.message, new URL("./mod.ts", address).href);
    files.set("/mine/mod.ts", entry.replace("./parts/build.ts", "http://127.0.0.1:1/build.ts"));
    await assertRejects(
      () => loadMethod(address, { cache, reload: true }),
      TypeError,
      "modules of its own folder alone",
    );
    files.delete("/mine/manifest.json");
    await assertRejects(
      () => loadMethod(address, { cache, reload: true }),
      TypeError,
      "there is no manifest",
    );
    assertEquals((await loadMethod(address, { cache })).sha256, kept.sha256);
  }));

Deno.test("a method's digest tells all its modules apart, wherever they lie", () =>
  served(async (files, address, cache) => {
    const { sha256 } = await loadMethod(address, { cache });
    await inFolder(async (folder) => {
      for (const [path, text] of files) {
        const file = join(folder, path);
        await Deno.mkdir(join(file, ".."), { recursive: true });
        await Deno.writeTextFile(file, text);
      }
      const local = new URL(`file://${folder}/mine/manifest.json`);
      assertEquals((await loadMethod(local)).sha256, sha256);
      for (const path of files.keys()) {
        await Deno.writeTextFile(join(folder, path), `${files.get(path)}\n`);
        assertNotEquals((await loadMethod(local)).sha256, sha256);
        await Deno.writeTextFile(join(folder, path), files.get(path)!);
      }
    });
  }));

Deno.test("a method from the web whose server sends without end, or breaks off, is refused in words", () =>
  inFolder(async (cache) => {
    const part = new Uint8Array(1 << 20).fill(32);
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      ({ url }) =>
        new Response(
          new ReadableStream({
            pull(controller) {
              if (url.includes("/broken/")) throw new Error("broken off");
              controller.enqueue(part);
            },
          }),
        ),
    );
    const at = (path: string) =>
      new URL(`http://127.0.0.1:${server.addr.port}/${path}/manifest.json`);
    await assertRejects(
      () => loadMethod(at("endless"), { cache }),
      TypeError,
      "endless/manifest.json: a module may have 16000000 bytes, found more",
    );
    await assertRejects(
      () => loadMethod(at("broken"), { cache }),
      GenviewError,
      "broken/manifest.json: the server must answer, found ",
    );
  }));

Deno.test("a method from the web is not fetched over a plain connection that an encrypted one redirects to", async () => {
  const { fetch } = globalThis;
  const asked: string[] = [];
  const fetchOf = (location: string) => (address: URL | RequestInfo) => {
    asked.push(String(address));
    const headers = { location };
    return Promise.resolve(
      asked.length > 1 ? new Response("a manifest") : new Response(null, { status: 302, headers }),
    );
  };
  try {
    globalThis.fetch = fetchOf("http://plugins.example/mine/manifest.json");
    await assertRejects(
      () => fetchText(new URL("https://plugins.example/mine/manifest.json")),
      TypeError,
      "a redirect must stay on https://plugins.example, found one to http://plugins.example " +
        "(http://plugins.example/mine/manifest.json); name that address yourself if you trust it",
    );
    assertEquals(asked, ["https://plugins.example/mine/manifest.json"]);
    asked.length = 0;
    globalThis.fetch = fetchOf("https://plugins.example/mine/manifest.json");
    assertEquals(
      await fetchText(new URL("http://plugins.example/mine/manifest.json")),
      "a manifest",
    );
  } finally {
    globalThis.fetch = fetch;
  }
});
