import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { checkMethod, loadMethodByName } from "../../../../core/method/load.ts";
import { PluginError } from "../../../../core/method/plugin_error.ts";
import type { CompileLimits } from "../../../../core/train/compile/compile_limits.ts";
import { openCompiler } from "../../../../core/train/compile/method_compiler.ts";
import { bundledMethods } from "../../../../plugins/mod.ts";
import simsiam from "../../../../plugins/simsiam/mod.ts";
import { BUILD, smallRequest, withPlugin } from "./written_plugin.ts";

const LOOP = "for (;;);";

/** What compiling a plugin's module throws. */
async function refusalOf(
  code: string,
  limits: CompileLimits = {},
): Promise<{ readonly error: Error; readonly entry: string }> {
  let found: { readonly error: Error; readonly entry: string } | undefined;
  await withPlugin(code, async (load, entry) => {
    await using compiler = openCompiler(await load(), limits);
    found = { error: await assertRejects(() => compiler.inspect(smallRequest()), Error), entry };
  });
  return found!;
}

Deno.test("a method that is compiled in a worker is what it is when it is compiled here", async () => {
  const options = { projectorWidth: 32, projectorLayers: 2, predictorWidth: 16 };
  const request = smallRequest({ options, seed: 3 });
  await using here = openCompiler(checkMethod(simsiam, "simsiam"));
  await using there = openCompiler(await loadMethodByName("simsiam", bundledMethods));
  assertEquals(await there.inspect(request), await here.inspect(request));
  assertEquals(await there.weights(request), await here.weights(request));
  assertEquals(await there.step(request), await here.step(request));
});

for (
  const [fault, line, code, words] of [
    [
      "a fault when it is imported",
      3,
      "const nothing: any = undefined;\nexport default { manifest, build: nothing.build };",
      "TypeError: Cannot read properties of undefined (reading 'build')",
    ],
    ["code that cannot be parsed", 2, "const = 3;", "SyntaxError: Unexpected token"],
    [
      "an import that is not there",
      2,
      'import { loss } from "./loss.ts";\nexport default { manifest, build: loss };',
      "there is no module",
    ],
    [
      "a rejection when it is imported",
      2,
      'await Promise.reject(new Error("later"));\nexport default { manifest };',
      "Error: later",
    ],
  ] as const
) {
  Deno.test(`a compiler names the plugin, file and line of ${fault}`, async () => {
    const { error, entry } = await refusalOf(code);
    assert(error instanceof PluginError);
    assertStringIncludes(error.message, words);
    assertStringIncludes(error.message, 'Cannot load plugin "mine" of ');
    assertStringIncludes(error.message, `, at ${entry}:${line}:`);
    assertEquals(error.message.split("\n").length, 1, error.message);
  });
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
  Deno.test(`a compiler names the plugin of ${fault}, and file and line where there is one`, async () => {
    const { error, entry } = await refusalOf(
      `export default { manifest, build({ views, ops, encoder }: any) {\n${body}\n} };`,
    );
    assertStringIncludes(error.message, words);
    assertStringIncludes(error.message, 'Cannot build method "mine"');
    if (!body.includes("throw")) assertStringIncludes(error.message, `, at ${entry}:3:`);
    assertEquals(error.message.split("\n").length, 1, error.message);
  });
}

for (
  const [what, code, words] of [
    [
      "a loss and embeddings",
      "export default { manifest, build: () => ({}) };",
      "its build function must return { loss, embeddings }, found no loss",
    ],
    [
      "a build function that is not async",
      'export default { manifest, build: async () => { throw new Error("later"); } };',
      "found a promise; it must not be async",
    ],
    ["a build function", "export default { manifest };", "must be a method with a build function"],
    [
      "the manifest's own name",
      'export default { manifest: { ...manifest, name: "other" }, build() {} };',
      'its module is the method "other", found "mine" in the manifest',
    ],
  ] as const
) {
  Deno.test(`a compiler asks a plugin for ${what}`, async () => {
    const { error } = await refusalOf(code);
    assert(error instanceof TypeError);
    assertStringIncludes(error.message, words);
    assertStringIncludes(error.message, '"mine"');
  });
}

Deno.test("a plugin in a worker refuses what it cannot work with as the user's mistake", async () => {
  const { error } = await refusalOf(
    'export default { manifest, build: ({ refuse }: any) => refuse("width must be even, found 3") };',
  );
  assertEquals([error.name, error.message], [
    "GenviewTypeError",
    'Cannot build method "mine": width must be even, found 3',
  ]);
});

for (
  const [what, code, limits, words] of [
    ["an endless loop when it is imported", LOOP, { seconds: 2 }, "within 2 s"],
    [
      "an import that never ends",
      "await new Promise(() => {});\nexport default { manifest };",
      { seconds: 2 },
      "within 2 s",
    ],
    [
      "an endless loop in build",
      `export default { manifest, build() { ${LOOP} } };`,
      { seconds: 2 },
      "within 2 s",
    ],
    [
      "a graph without end",
      "export default { manifest, build({ views, ops }: any) {\n" +
      "let x = views[0];\nfor (;;) x = ops.add(x, 1);\n} };",
      { operations: 20_000 },
      "it has more operations than it may have here",
    ],
    [
      "a parameter of 4 TB",
      "export default { manifest, build({ views, ops, encoder, initializers }: any) {\n" +
      'encoder("online").parameter("huge", [1e6, 1e6], initializers.constantInitializer(0));\n' +
      "return { loss: ops.reduceMean(views[0]), embeddings: ops.reshape(views[0], [4, -1]) };\n} };",
      {},
      "elements, found",
    ],
    [
      "objects without end",
      "const all: unknown[] = [];\nfor (;;) all.push(Array.from({ length: 1000 }, (_, i) => ({ i })));",
      { megabytes: 100 },
      "it took more memory than the 100 MB that it may",
    ],
    [
      "objects without end in build",
      "export default { manifest, build() { const all: unknown[] = [];\n" +
      "for (;;) all.push(Array.from({ length: 1000 }, (_, i) => ({ i })));\n} };",
      { megabytes: 100 },
      "it took more memory than the 100 MB that it may",
    ],
    [
      "an array of a petabyte in build",
      "export default { manifest, build() { return new Float32Array(2 ** 48); } };",
      {},
      "it took more memory than the 2048 MB that it may",
    ],
    [
      "arrays without end",
      "const all: unknown[] = [];\nfor (let i = 0; i < 20; i++) {\nall.push(new Uint8Array(1 << 26).fill(1));\n" +
      "for (const began = Date.now(); Date.now() - began < 100;);\n}",
      { growth: 600, seconds: 60 },
      "the process took 600 MB more memory meanwhile, which is all that it may",
    ],
    [
      "recursion without end",
      "function again(): number { return 1 + again(); }\n" +
      "export default { manifest, build() { return again(); } };",
      {},
      "Maximum call stack size exceeded",
    ],
  ] as const
) {
  Deno.test(`${what} ends with an error that names the plugin`, async () => {
    const began = performance.now();
    const { error } = await refusalOf(code, limits);
    assertStringIncludes(error.message, words);
    assertStringIncludes(error.message, 'method "mine"');
    assert(performance.now() - began < 60_000);
  });
}

Deno.test("a compiler whose plugin has been ended says so of whatever is asked next", () =>
  withPlugin(`export default { manifest, build() { ${LOOP} } };`, async (load) => {
    await using compiler = openCompiler(await load(), { seconds: 2 });
    const first = await assertRejects(() => compiler.inspect(smallRequest()), PluginError);
    const second = await assertRejects(() => compiler.step(smallRequest()), PluginError);
    assertEquals(second.message, first.message);
  }));

Deno.test("a compiler that is closed tells whoever waits, and leaves no timer behind", () =>
  withPlugin(`export default { manifest, ${BUILD} };`, async (load) => {
    const waiting: Promise<unknown>[] = [];
    {
      await using compiler = openCompiler(await load());
      waiting.push(
        assertRejects(() => compiler.inspect(smallRequest()), PluginError, "was closed"),
      );
    }
    await Promise.all(waiting);
  }));

Deno.test("a compiler gives a plugin of a folder its modules, and nothing of the folder's neighbours", () =>
  withPlugin(`export default { manifest, ${BUILD} };`, async (load) => {
    await using compiler = openCompiler(await load());
    const facts = await compiler.inspect(smallRequest());
    assertEquals([facts.embeddingWidth, facts.views, facts.usesPairWeights], [8, 2, false]);
  }));

Deno.test("a step in float16 that is compiled in a worker is what it is when it is compiled here", async () => {
  const options = { projectorWidth: 32, projectorLayers: 2, predictorWidth: 16 };
  await using here = openCompiler(checkMethod(simsiam, "simsiam"));
  await using there = openCompiler(await loadMethodByName("simsiam", bundledMethods));
  for (const deviceBatchSize of [0, 4]) {
    const request = {
      ...smallRequest({ options, batchSize: 8, deviceBatchSize }),
      precision: "float16",
    } as const;
    assertEquals(await there.step(request), await here.step(request));
  }
});

Deno.test("a step by micro-batches that is compiled in a worker is what it is when it is compiled here", async () => {
  const options = { projectorWidth: 32, projectorLayers: 2, predictorWidth: 16 };
  const request = smallRequest({ options, batchSize: 8, deviceBatchSize: 4 });
  await using here = openCompiler(checkMethod(simsiam, "simsiam"));
  await using there = openCompiler(await loadMethodByName("simsiam", bundledMethods));
  assertEquals(await there.inspect(request), await here.inspect(request));
  assertEquals(await there.step(request), await here.step(request));
});

Deno.test("a compiler in a worker answers two questions that are asked at once", () =>
  withPlugin(`export default { manifest, ${BUILD} };`, async (load) => {
    await using compiler = openCompiler(await load());
    const [facts, weights] = await Promise.all([
      compiler.inspect(smallRequest()),
      compiler.weights(smallRequest()),
    ]);
    assertEquals(facts.views, 2);
    assert(weights.size > 0);
  }));
