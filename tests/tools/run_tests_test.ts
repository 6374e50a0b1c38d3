import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { testParts } from "../../tools/test_parts.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";

/** Writes files with a test each, which notes that it has run, and one with an example. */
async function writeTests(path: (name: string) => string, names: readonly string[]): Promise<void> {
  const note = (name: string) =>
    `Deno.writeTextFileSync(${JSON.stringify(path("ran"))}, ${
      JSON.stringify(`${name}\n`)
    }, { append: true });`;
  for (const name of names) {
    await Deno.mkdir(dirname(path(name)), { recursive: true });
    const text = name.endsWith("_test.ts")
      ? `Deno.test("notes", () => { ${note(name)} });\n`
      : `/**\n * \`\`\`ts\n * ${note(name)}\n * \`\`\`\n */\nexport const one = 1;\n`;
    await Deno.writeTextFile(path(name), text);
  }
}

const NAMES = ["a_test.ts", "b.ts", "c/d_test.ts", "c/e/f_test.ts", "c/e/g_test.ts", "h/i_test.ts"];

Deno.test("testParts() puts each file with tests or examples into one part of few", () =>
  withFolder(async (path) => {
    await writeTests(path, NAMES);
    await Deno.writeTextFile(path("without.ts"), "export const two = 2;\n");
    const parts = await testParts(path("."), 2);
    assertEquals(parts, [
      { path: path("."), others: ["c", "h", "without.ts"] },
      { path: path("."), others: ["a_test.ts", "b.ts", "c", "without.ts"] },
      { path: path("c"), others: ["e"] },
      { path: path("c"), others: ["d_test.ts"] },
    ]);
    const file = path("a_test.ts");
    assertEquals(await testParts(file, 2), [{ path: file, others: [] }]);
  }));

Deno.test("deno task test runs every test and example once, and fails where one does", () =>
  withFolder(async (path) => {
    const others = Array.from({ length: 14 }, (_, i) => `j/${i}_test.ts`);
    await writeTests(path, [...NAMES, ...others]);
    const run = async () => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--allow-read", "--allow-run", "--allow-env=COLUMNS,NO_COLOR,TERM"],
          ...[new URL("../../tools/run_tests.ts", import.meta.url).href, path(".")],
        ],
        env: { NO_COLOR: "1" },
      }).output();
      return { code, err: new TextDecoder().decode(stderr) };
    };
    const good = await run();
    assertEquals(good.code, 0, good.err);
    const ran = (await Deno.readTextFile(path("ran"))).trim().split("\n");
    assertEquals(ran.sort(), [...NAMES, ...others].sort());
    await Deno.writeTextFile(path("h/i_test.ts"), 'Deno.test("fails", () => { throw 1; });\n');
    const bad = await run();
    assertEquals(bad.code, 1);
    assertStringIncludes(bad.err, "tests failed in ");
  }));
