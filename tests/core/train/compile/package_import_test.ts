import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { denoFolder } from "../../../deno_folder.ts";
import { inFolder } from "../../../in_folder.ts";
import { BUILD, writePlugin } from "./written_plugin.ts";

const ROOT = new URL("../../../../", import.meta.url);

/**
 * A plugin that asks for packages by code from texts, by modules that are themselves texts, in ways that a look at its
 * imports does not see, and after it has changed what the language is made of. `blocked` has what was refused.
 */
const ATTACKS = `
const word = "imp" + "ort";
const by = (name: string) => new Function("name", "return " + word + "(name)")(name);
const blocked: string[] = [];
const attempt = async (action: () => unknown) => {
  try { await action(); } catch (error) { blocked.push(String((error as Error).message)); }
};
await attempt(() => by("npm:@evil/function"));
await attempt(() => (0, eval)(word + "('npm:@evil/eval')"));
await attempt(() => (async () => {}).constructor("return " + word + "('npm:@evil/async')")());
await attempt(() => (function* () {})
  .constructor("yield " + word + "('npm:@evil/generator')")().next().value);
await attempt(() => new Function("return " + word + ".defer('npm:@evil/defer')")());
await attempt(() => by("data:text/javascript," + word + " 'npm:@evil/data'"));
await attempt(() => by("data:application/typescript," + word + " 'npm:@evil/typescript'"));
await attempt(() => by("blob:null/1"));
await attempt(() => by("jsr:@evil/jsr"));
await attempt(() => by(import.meta.resolve("npm:@evil/resolved")));
await attempt(async () => [...await Promise.all([...[0]].map(() => [...import("npm:@evil/spread") as any]))]);
const text = "import /*";
await attempt(() => import("npm:@evil/comment")); // */
if (blocked.length !== 12) throw new Error("only these were refused: " + blocked.join());
const { prototype: all } = Object;
for (
  const [target, key, value] of [
    [Array.prototype, Symbol.iterator, function* () {}],
    [Array.prototype, "push", () => 0],
    [RegExp.prototype, "test", () => true],
    [RegExp.prototype, "exec", () => ["x"]],
    [String.prototype, "slice", () => "mod.ts"],
    [String.prototype, "startsWith", () => true],
    [Map.prototype, "get", () => undefined],
    [Map.prototype, "has", () => true],
    [Reflect, "apply", () => ({ url: "npm:@evil/apply", shortCircuit: true })],
    [Function.prototype, "call", () => ({ url: "npm:@evil/call", shortCircuit: true })],
    [Function.prototype, "apply", () => ({ url: "npm:@evil/applied", shortCircuit: true })],
    [all, "url", "npm:@evil/url"],
    [all, "shortCircuit", true],
  ] as any[]
) {
  const before = Object.getOwnPropertyDescriptor(target, key);
  Object.defineProperty(target, key, { value, configurable: true, writable: true });
  await by("npm:@evil/tampered").catch(() => {});
  if (before === undefined) delete target[key];
  else Object.defineProperty(target, key, before);
}
`;

/** Imports that run before any code of the plugin does, each in a module of its own. */
const MODULES = {
  "escaped.ts": 'import { default as \\u0061 } from "npm:@evil/escaped"; export default a;',
  "quoted.ts": 'import { "a\\"b" as b } from "npm:@evil/quoted"; export default b;',
  "returned.ts": 'import // a comment ends here:\r"npm:@evil/returned";\nexport default 1;',
  "hidden.ts": 'const text = "import /*";\nimport "npm:@evil/hidden"; // */\nexport default text;',
  "element.tsx": "/** @jsxImportSource npm:@evil/element */\nexport default <a />;",
  "typed.ts": '/// <reference types="npm:@evil/reference" />\n// @ts-types="npm:@evil/types"\n' +
    'import data from "./data.json" with { type: "json" };\n' +
    'import type { A } from "npm:@evil/type";\nexport default data as A;',
};

/** Compiles plugins where the packages of one scope come from a server that tells what it was asked. */
Deno.test("no plugin makes Deno fetch a package, by whatever code it asks", () =>
  inFolder(async (folder) => {
    const asked: string[] = [];
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      ({ url }) => {
        asked.push(decodeURIComponent(new URL(url).pathname));
        return new Response("not found", { status: 404 });
      },
    );
    const registry = `http://127.0.0.1:${server.addr.port}/`;
    await Deno.writeTextFile(join(folder, ".npmrc"), `@evil:registry=${registry}\n`);
    const attacks = `${ATTACKS}\nexport default { manifest, ${BUILD} };`;
    const addresses = [(await writePlugin(join(folder, "attacks"), attacks)).href];
    for (const [name, code] of Object.entries(MODULES)) {
      const plugin = join(folder, name);
      addresses.push(
        (await writePlugin(
          plugin,
          `import part from "./${name}";\nexport default { manifest, part, ${BUILD} };`,
        )).href,
      );
      await Deno.writeTextFile(join(plugin, name), code);
      await Deno.writeTextFile(join(plugin, "data.json"), "{}");
    }
    const program = join(folder, "compile.ts");
    await Deno.writeTextFile(
      program,
      `
import { loadMethod } from "${new URL("core/method/load.ts", ROOT)}";
import { openCompiler } from "${new URL("core/train/compile/method_compiler.ts", ROOT)}";
import { smallRequest } from "${new URL("tests/core/train/compile/written_plugin.ts", ROOT)}";
for (const address of ${JSON.stringify(addresses)}) {
  try {
    await using compiler = openCompiler(await loadMethod(new URL(address)));
    console.log("built", (await compiler.inspect(smallRequest())).views);
  } catch (error) { console.log((error as Error).message); }
}
await import("npm:@evil/" + "control").catch(() => {});
`,
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "--unstable-worker-options",
        "--config",
        "deno.json",
        program,
      ],
      cwd: ROOT,
      env: { HOME: folder, DENO_DIR: await denoFolder(), NO_COLOR: "1" },
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assertEquals(
      lines.length,
      addresses.length,
      new TextDecoder().decode(stderr) + lines.join("\n"),
    );
    assertEquals([lines[0], lines.at(-1)], ["built 2", "built 2"]);
    for (const line of lines.slice(1, -1)) {
      assertStringIncludes(line, "Cannot load plugin");
    }
    // The last is the program's own: it shows that the server would have been asked.
    assertEquals(asked, ["/@evil/control"]);
  }));
