import { assertEquals } from "@std/assert";
import plugin, { LAYERS } from "../../tools/lint_house.ts";

/** What the rules say of a file: each rule's name without that of the house. */
function findings(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, `/house/${path}`, source)
    .map(({ id }) => id.replace(/^house\//, ""));
}

Deno.test("lint_house lets imports run from a layer to those above it, and to no other", () => {
  const path = "core/engine/ort/session.ts";
  for (
    const statement of [
      (source: string) => `import { a } from "${source}";`,
      (source: string) => `export { a } from "${source}";`,
      (source: string) => `export * from "${source}";`,
      (source: string) => `export async function f() { await import("${source}"); }`,
    ]
  ) {
    assertEquals(findings(path, statement("../graph/value.ts")), []);
    assertEquals(findings(path, statement("../../train/train.ts")), ["layers-run-one-way"]);
    assertEquals(findings(path, statement("../../../tasks/train.ts")), ["layers-run-one-way"]);
    assertEquals(findings(path, statement("npm:left-pad@1.0.0")), ["specifiers-travel"]);
    assertEquals(findings(path, statement("../../deps/protobuf.ts")), [
      "protocol-buffers-in-one-place",
    ]);
  }
  const encoder = 'import { create } from "../../deps/protobuf.ts";';
  assertEquals(findings("core/engine/onnx/encode_model.ts", encoder), []);
});

Deno.test("lint_house takes an import whose source is not known before it runs", () => {
  const source = "export async function load(url: string) { return await import(url); }";
  assertEquals(findings("core/method/load.ts", source), []);
  assertEquals(findings("plugins/mine/mod.ts", source), ["plugins-import-types-only"]);
});

Deno.test("lint_house lets plugins import types and their manifest", () => {
  const path = "plugins/mine/mod.ts";
  for (
    const source of [
      'import type { Method } from "../../mod.ts";',
      'import manifest from "./manifest.json" with { type: "json" };',
    ]
  ) assertEquals(findings(path, source), []);
  for (
    const source of [
      'import { conv } from "../../mod.ts";',
      'export async function f() { await import("../../mod.ts"); }',
    ]
  ) assertEquals(findings(path, source), ["plugins-import-types-only"]);
});

Deno.test("lint_house keeps library code quiet and idle on import", () => {
  const source = 'console.log("hello");\nawait Promise.resolve();';
  assertEquals(findings("core/train/train.ts", source).sort(), [
    "nothing-on-import",
    "quiet-library",
  ]);
  assertEquals(findings("tasks/train.ts", source), []);
});

Deno.test("lint_house keeps tasks apart from each other, and lets them share tasks/cli", () => {
  const of = (source: string) => `import { a } from "${source}";`;
  for (const source of ["./cli/command_line.ts", "../core/data/mod.ts", "../plugins/mod.ts"]) {
    assertEquals(findings("tasks/train.ts", of(source)), []);
  }
  assertEquals(findings("tasks/demo.ts", of("./demo/masks.ts")), []);
  assertEquals(findings("tasks/demo/report.ts", of("./masks.ts")), []);
  assertEquals(findings("tests/tasks/train_test.ts", of("../../tasks/train.ts")), []);
  assertEquals(findings("tasks/train.ts", of("./evaluate.ts")), ["tasks-stand-alone"]);
  assertEquals(findings("tasks/train.ts", of("./demo/masks.ts")), ["tasks-stand-alone"]);
  assertEquals(findings("tasks/cli/program.ts", of("../train.ts")), ["tasks-stand-alone"]);
});

Deno.test("lint_house keeps the import map out of what cli.ts reaches", () => {
  const source = 'import { parseArgs } from "@std/cli/parse-args";';
  for (
    const path of ["cli.ts", "tasks/train.ts", "tasks/cli/arguments.ts", "support/std/assert.ts"]
  ) {
    assertEquals(findings(path, source), ["specifiers-travel"]);
  }
  assertEquals(findings("tests/support/std/parse_args_test.ts", source), []);
  assertEquals(findings("bench/train.ts", source), []);
});

Deno.test("docs/architecture.md lists the layers in the order that lint_house holds", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/architecture.md", import.meta.url));
  const rows = [...page.matchAll(/^\| `core\/([a-z_/]+)\/`/gm)].map((row) => row[1]!);
  assertEquals(rows, [...LAYERS]);
});
