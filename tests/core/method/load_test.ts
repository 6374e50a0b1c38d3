import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkMethod, loadMethod, loadMethodByName } from "../../../core/method/load.ts";
import { PluginError } from "../../../core/method/plugin_error.ts";
import { buildMethodGraph } from "../../../core/train/step/method_graph.ts";
import { bundledMethods } from "../../../plugins/mod.ts";
import { BATCH, SIZE, smallBackbone } from "../train/small_methods.ts";

Deno.test("loadMethod() loads a plugin from the address of its manifest", async () => {
  const method = await loadMethod(
    new URL("../../../plugins/simsiam/manifest.json", import.meta.url),
  );
  assertEquals(method.manifest.name, "simsiam");
  assertEquals(typeof method.build, "function");
});

Deno.test("loadMethod() names the address that cannot be had", async () => {
  await assertRejects(
    () => loadMethod(new URL("./no_such_manifest.json", import.meta.url)),
    TypeError,
    "no_such_manifest.json",
  );
});

Deno.test("loadMethod() names the manifest whose module is not there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { default: manifest } = await import("../../../plugins/simsiam/manifest.json", {
      with: { type: "json" },
    });
    const path = join(folder, "manifest.json");
    await Deno.writeTextFile(path, JSON.stringify({ ...manifest, entry: "./no_such_module.ts" }));
    const address = pathToFileURL(path);
    const error = await assertRejects(() => loadMethod(address), TypeError, "no_such_module.ts");
    assertStringIncludes(error.message, `Cannot load plugin "simsiam" of ${address.href}: `);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("checkMethod() asks for a build function", () => {
  assertThrows(
    () => checkMethod({ manifest: {} }, "mine.ts"),
    TypeError,
    'Cannot load plugin "mine.ts": its default export must be a method with a build function',
  );
});

Deno.test("loadMethodByName() takes a bundled name, a path or an address, and suggests the nearest name", async () => {
  const path = new URL("../../../plugins/simsiam/manifest.json", import.meta.url);
  const addresses: (string | undefined)[] = [];
  for (const text of ["simsiam", path.pathname, path.href]) {
    const method = await loadMethodByName(text, bundledMethods);
    assertEquals(method.manifest.name, "simsiam");
    addresses.push(method.address);
  }
  assertEquals(addresses, ["simsiam", path.href, path.href]);
  await assertRejects(
    () => loadMethodByName("simsaim", bundledMethods),
    TypeError,
    'the nearest is "simsiam" (known are ',
  );
});

/** Writes a plugin of a name in a folder of its own, and loads it. */
async function withPlugin(
  code: string,
  test: (load: () => ReturnType<typeof loadMethod>, entry: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const { default: manifest } = await import("../../../plugins/simsiam/manifest.json", {
      with: { type: "json" },
    });
    const { views: _views, usesPairWeights: _uses, ...rest } = manifest;
    const path = join(folder, "manifest.json");
    await Deno.writeTextFile(path, JSON.stringify({ ...rest, name: "mine" }));
    await Deno.writeTextFile(
      join(folder, "mod.ts"),
      `import manifest from "./manifest.json" with { type: "json" };\n${code}\n`,
    );
    const entry = pathToFileURL(join(folder, "mod.ts")).href;
    await test(() => loadMethod(pathToFileURL(path)), entry);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (
  const [fault, line, code, words] of [
    [
      "a fault when it is imported",
      3,
      "const nothing: any = undefined;\nexport default { manifest, build: nothing.build };",
      "TypeError: Cannot read properties of undefined (reading 'build')",
    ],
    ["code that cannot be parsed", 2, "const = 3;", "TypeError: SyntaxError: Unexpected token"],
    [
      "an import that is not there",
      2,
      'import { loss } from "./loss.ts";\nexport default { manifest, build: loss };',
      "there is no module",
    ],
  ] as const
) {
  Deno.test(`loadMethod() names the plugin, file and line of ${fault}`, () =>
    withPlugin(code, async (load, entry) => {
      const error = await assertRejects(load, PluginError, words);
      assertStringIncludes(error.message, 'Cannot load plugin "mine" of ');
      assertStringIncludes(error.message, `, at ${entry}:${line}:`);
      assertEquals(error.message.split("\n").length, 1, error.message);
    }));
}

for (
  const [fault, body, words] of [
    ["a fault", "return views[9].shape;", "TypeError: Cannot read properties of undefined"],
    ["misuse of an operator", "return ops.reshape(views[0], [7]);", "Cannot apply Reshape"],
    [
      "misuse of a network",
      'return encoder("online").mlp("head", [{ width: -4 }])(views[0]);',
      "Cannot ",
    ],
    ["a thrown text", 'throw "no";', "it threw what is no error: no"],
  ] as const
) {
  Deno.test(`buildMethodGraph() names the plugin of ${fault}, and file and line where there is one`, () =>
    withPlugin(
      `export default { manifest, build({ views, ops, encoder }: any) {\n${body}\n} };`,
      async (load, entry) => {
        const method = await load();
        const error = assertThrows(
          () =>
            buildMethodGraph(method, {
              backbone: smallBackbone,
              viewSizes: [SIZE, SIZE],
              batchSize: BATCH,
            }),
          Error,
          words,
        );
        assertStringIncludes(error.message, 'Cannot build method "mine"');
        if (!body.includes("throw")) assertStringIncludes(error.message, `, at ${entry}:3:`);
        assertEquals(error.message.split("\n").length, 1, error.message);
      },
    ));
}

Deno.test("buildMethodGraph() asks a plugin for a loss and embeddings", () =>
  withPlugin("export default { manifest, build: () => ({}) };", async (load) => {
    const method = await load();
    const options = { backbone: smallBackbone, viewSizes: [SIZE], batchSize: BATCH };
    assertThrows(
      () => buildMethodGraph(method, options),
      TypeError,
      'Cannot build method "mine": its build function must return { loss, embeddings }, found no loss',
    );
  }));

Deno.test("buildMethodGraph() says that a plugin's build function must not be async", () =>
  withPlugin(
    'export default { manifest, build: async () => { throw new Error("later"); } };',
    async (load) => {
      const method = await load();
      const options = { backbone: smallBackbone, viewSizes: [SIZE], batchSize: BATCH };
      assertThrows(
        () => buildMethodGraph(method, options),
        TypeError,
        "found a promise; it must not be async",
      );
    },
  ));

Deno.test("a plugin refuses what it cannot work with as the user's mistake", () =>
  withPlugin(
    'export default { manifest, build: ({ refuse }: any) => refuse("width must be even, found 3") };',
    async (load) => {
      const method = await load();
      const error = assertThrows(
        () =>
          buildMethodGraph(method, {
            backbone: smallBackbone,
            viewSizes: [SIZE],
            batchSize: BATCH,
          }),
        TypeError,
      );
      assertEquals(error.message, 'Cannot build method "mine": width must be even, found 3');
    },
  ));
