import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadMethod } from "../../../../core/method/load.ts";
import { checkPresets } from "../../../../core/train/run/check_presets.ts";
import { openCompiler } from "../../../../core/train/compile/method_compiler.ts";
import { WorkerCompiler } from "../../../../core/train/compile/worker_compiler.ts";
import { inFolder } from "../../../in_folder.ts";
import { BUILD, smallRequest, writePlugin } from "./written_plugin.ts";

/** What a hostile plugin goes for. */
interface Targets {
  /** A file outside of the plugin's folder. */
  readonly secret: string;
  /** A module beside it. */
  readonly module: string;
  /** A file that is not there. */
  readonly canary: string;
  /** Where a server listens. */
  readonly server: string;
}

/** A thread of the plugin's own: it reports what it was let do. */
const THREAD = (targets: Targets) => `
import { parentPort } from "node:worker_threads";
const imported = (name) => new Function("name", "return imp" + "ort(name)")(name);
const t = ${JSON.stringify(targets)};
const done = [];
const attempt = async (name, action) => {
  try { if (await action() !== undefined) done.push(name); } catch {}
};
await attempt("read", () => Deno.readTextFileSync(t.secret));
await attempt("stat", () => Deno.statSync(t.secret));
await attempt("env", () => Deno.env.toObject());
await attempt("sys", () => Deno.hostname());
await attempt("write", () => (Deno.writeTextFileSync(t.canary, "x"), 1));
await attempt("ffi", () => Deno.dlopen("libc.so.6", {}));
await attempt("run", () => new Deno.Command("touch", { args: [t.canary] }).outputSync());
await attempt("net", () => fetch(t.server));
await attempt("connect", () => Deno.connect({ hostname: "127.0.0.1", port: +new URL(t.server).port }));
await attempt("web", () => imported(t.server + "evil.ts"));
await attempt("outside", () => imported("file://" + t.module));
await attempt("worker", () => new Worker("data:text/javascript,", {
  type: "module", deno: { permissions: { read: true, write: true, net: true } },
}));
await attempt("prompt", async () =>
  (await Deno.permissions.request({ name: "read" })).state === "granted" ? 1 : undefined);
const message = "let do: [" + done.join() + "]";
// What nobody has asked for yet is passed over.
parentPort.on("message", () => parentPort.postMessage({ id: 0, fault: { kind: "Error", message } }));
`;

/** A thread's program in place of that which seals it off and imports the method. */
function programOf(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** Code from texts gets past a look at the imports. */
const IMPORTED =
  'const imported = (name: string): Promise<any> => new Function("name", "return imp" + "ort(name)")(name);';

/** A plugin that tries all of it when it is imported and in build, and is a proper method for the rest. */
const HOSTILE = (targets: Targets) => `
const t = ${JSON.stringify(targets)};
const done: string[] = [];
const attempt = async (name: string, action: () => unknown) => {
  try { if (await action() !== undefined) done.push(name); } catch { /* refused */ }
};
const attemptNow = (name: string, action: () => unknown) => {
  try { if (action() !== undefined) done.push(name + " in build"); } catch { /* refused */ }
};
${IMPORTED}
const modules: any = {};
for (const name of ["fs", "process", "child_process", "http", "net", "worker_threads", "module", "os"]) {
  modules[name] = await imported("node:" + name).catch(() => ({}));
}
for (const name of ["Deno", "process", "fetch", "Worker", "WebSocket", "postMessage", "close", "require"]) {
  await attempt(name, () => (globalThis as any)[name]);
}
const actions: Record<string, () => unknown> = {
  read: () => modules.fs.readFileSync(t.secret, "utf8"),
  env: () => modules.process.default.env.HOME,
  write: () => (modules.fs.writeFileSync(t.canary, "x"), 1),
  run: () => modules.child_process.spawnSync("touch", [t.canary]).pid || undefined,
  require: () => modules.module.createRequire("file:///")(t.secret),
  dlopen: () => (modules.process.default.dlopen({ exports: {} }, "libc.so.6"), 1),
  hostname: () => modules.os.hostname() || undefined,
};
for (const [name, action] of Object.entries(actions)) await attempt(name, action);
await attempt("http", () => new Promise((resolve) => {
  modules.http.get(t.server, resolve).on("error", () => resolve(undefined));
}));
await attempt("net", () => new Promise((resolve) => {
  const socket = modules.net.connect(+new URL(t.server).port, "127.0.0.1", () => resolve(1));
  socket.on("error", () => resolve(undefined));
}));
await attempt("web", () => imported(t.server + "evil.ts"));
await attempt("outside", () => imported("file://" + t.module));
await attempt("threads", () => new Promise((resolve) => {
  const code = "data:text/javascript," + encodeURIComponent(${JSON.stringify(THREAD(targets))});
  const thread = new modules.worker_threads.Worker(new URL(code));
  thread.on("message", (found: string[]) => resolve(found.length > 0 ? found : undefined));
  thread.on("error", () => resolve(undefined));
  thread.on("exit", () => resolve(undefined));
}));
for (const { prototype } of [Object, Array]) {
  Object.defineProperty(prototype, "polluted", { value: "yes", configurable: true });
}
export default {
  manifest,
  build(context: any) {
    for (const [name, action] of Object.entries(actions)) attemptNow(name, action);
    attemptNow("Deno", () => (globalThis as any).Deno);
    attemptNow("Deno by code", () => new Function("return typeof Deno === 'undefined' ? undefined : Deno")());
    if (done.length > 0) throw new Error("it was let do: " + done.join(", "));
    const { views, network, losses } = context;
    const [a, b] = network({ projector: [{ width: 8 }] }).perView(views);
    return { loss: losses.negativeCosineSimilarity(a, b), embeddings: a };
  },
};
`;

/** Runs a test with things that no plugin may touch; nothing of them has been touched afterwards. */
async function withTargets(test: (targets: Targets, folder: string) => Promise<void>) {
  await inFolder(async (folder) => {
    const asked: string[] = [];
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      ({ url }) => {
        asked.push(url);
        return new Response("export default 1", {
          headers: { "content-type": "application/typescript" },
        });
      },
    );
    const targets = {
      secret: join(folder, "secret.txt"),
      module: join(folder, "module.ts"),
      canary: join(folder, "canary.txt"),
      server: `http://127.0.0.1:${server.addr.port}/`,
    };
    await Deno.writeTextFile(targets.secret, "secret");
    await Deno.writeTextFile(targets.module, "export default 1;");
    await test(targets, folder);
    assertEquals([asked, existsSync(targets.canary)], [[], false]);
    assertEquals([
      (({}) as Record<string, unknown>)["polluted"],
      ([] as unknown as Record<string, unknown>)["polluted"],
    ], [undefined, undefined]);
  });
}

Deno.test("a thread that nothing is taken away from may read no file, and do nothing else", () =>
  withTargets(async (targets, folder) => {
    const method = await loadMethod(await writePlugin(join(folder, "mine"), "export default 1;"));
    const own = { ...targets, secret: join(folder, "mine", "mod.ts") };
    for (const each of [targets, own]) {
      await using compiler = WorkerCompiler.open(method, {}, programOf(THREAD(each)));
      await assertRejects(() => compiler.inspect(smallRequest()), Error, "let do: []");
    }
  }));

Deno.test("a hostile plugin is let do nothing at import or in build, and what it builds comes out right", () =>
  withTargets(async (targets, folder) => {
    const hostile = await loadMethod(await writePlugin(join(folder, "hostile"), HOSTILE(targets)));
    const benign = await loadMethod(
      await writePlugin(join(folder, "benign"), `export default { manifest, ${BUILD} };`),
    );
    await using first = openCompiler(hostile);
    await using second = openCompiler(benign);
    const request = smallRequest({ seed: 1 });
    assertEquals(await first.inspect(request), await second.inspect(request));
    assertEquals(await first.step(request), await second.step(request));
    assertEquals(await first.weights(request), await second.weights(request));
    assertEquals(await checkPresets(hostile), [{ name: "default", warnings: [] }]);
  }));

for (
  const [what, code, found] of [
    ["a module of Node.js", 'import fs from "node:fs";', '"node:fs"'],
    ["a package", 'const odd = await import("npm:is-odd@3.0.1");', '"npm:is-odd@3.0.1"'],
    ["a package behind a comment", 'import/**/odd/* odd */from "npm:is-odd";', '"npm:is-odd"'],
    ["a module on the web", 'import "http://127.0.0.1:1/x.ts";', '"http://127.0.0.1:1/x.ts"'],
    ["a module outside of its folder", 'import x from "../module.ts";', '"../module.ts"'],
    ["what another module has, on the web", 'export * from "https://a.example/";', "a.example"],
    ["code as an address", 'await import("data:text/javascript,1");', '"data:text/javascript,1"'],
  ] as const
) {
  Deno.test(`a plugin that imports ${what} is refused before any of it runs`, () =>
    inFolder(async (folder) => {
      const address = await writePlugin(folder, `${code}\nexport default { manifest };`);
      const error = await assertRejects(() => loadMethod(address), TypeError, found);
      assertStringIncludes(error.message, new URL("./mod.ts", address).href);
      assertStringIncludes(error.message, "it may import modules of its own folder alone");
    }));
}

Deno.test("a plugin that imports what is only known when it runs is refused", () =>
  inFolder(async (folder) => {
    const address = await writePlugin(folder, 'await import("npm:" + "is-odd");');
    await assertRejects(() => loadMethod(address), TypeError, "must name its module by a text");
  }));

const OWN = `export default { manifest, ${BUILD} };`;

/** The program of a method's thread, before which code runs that has the port by which the thread answers. */
const WITH_PORT = (code: string) => `
import { parentPort } from "node:worker_threads";
import process from "node:process";
${code}
await import(${
  JSON.stringify(import.meta.resolve("../../../../core/train/compile/worker/compile_program.ts"))
});
`;

for (
  const [what, code, words] of [
    [
      "forges an answer",
      "parentPort.postMessage({ id: 0, value: {}, buffers: [] });",
      "what is known of it",
    ],
    [
      "forges an answer of other views",
      "parentPort.postMessage({ id: 0, value: { parameters: 1, fixedParameters: 0, " +
      "momentumParameters: 0, embeddingWidth: 1, views: 9, unusedViews: [], usesPairWeights: false, " +
      "scheduled: [], hasMomentumEncoder: false, convolutions: [] }, buffers: [] });",
      "its views must be those of the run",
    ],
    [
      "forges a fault",
      'parentPort.postMessage({ id: 0, fault: { kind: "__proto__", message: { a: 1 } } });',
      'Cannot build method "mine"',
    ],
    ["ends the process", "process.exit(0);", "it ended its own thread"],
    [
      "leaves an error uncaught",
      'setTimeout(() => { throw new Error("late"); }, 1);\nawait new Promise(() => {});',
      "late",
    ],
  ] as const
) {
  Deno.test(`a thread that ${what} confuses nobody`, () =>
    inFolder(async (folder) => {
      const method = await loadMethod(await writePlugin(folder, OWN));
      await using compiler = WorkerCompiler.open(
        method,
        { seconds: 20 },
        programOf(WITH_PORT(code)),
      );
      const began = performance.now();
      const error = await assertRejects(() => compiler.inspect(smallRequest()), Error, words);
      assertStringIncludes(error.message, "mine");
      assert(performance.now() - began < 19_000, "the time limit ended it");
    }));
}

Deno.test("a plugin that pollutes what all objects have confuses nobody", () =>
  inFolder(async (folder) => {
    const code = `(Object.prototype as any).polluted = "yes";\n${OWN}`;
    await using compiler = openCompiler(await loadMethod(await writePlugin(folder, code)));
    await assertRejects(() => compiler.inspect(smallRequest()), Error, "polluted");
  }));

Deno.test("messages that nobody asked for are passed over", () =>
  inFolder(async (folder) => {
    const method = await loadMethod(await writePlugin(folder, OWN));
    const program = WITH_PORT(
      "for (const m of [null, 1, 'x', [], { id: 'a' }, { id: 77, value: 1 }, new Map(), " +
        "{ buffers: 3 }, { buffers: [1, new Uint8Array(8)] }]) parentPort.postMessage(m);",
    );
    await using compiler = WorkerCompiler.open(method, { seconds: 60 }, programOf(program));
    assertEquals((await compiler.inspect(smallRequest())).embeddingWidth, 8);
  }));
