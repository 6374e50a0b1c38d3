import { assertEquals, assertThrows } from "@std/assert";
import { importsOf } from "../../../core/method/module_sources.ts";

for (
  const [code, found] of [
    ['import a from "./a.ts";', ["./a.ts"]],
    ["import { a, b as c } from './a.ts'", ["./a.ts"]],
    ['import * as a from "./a.ts"; import b, { c } from "./b.ts";', ["./a.ts", "./b.ts"]],
    ['import "./effect.ts";', ["./effect.ts"]],
    ['import manifest from "./m.json" with { type: "json" };', ["./m.json"]],
    ['import type { A } from "https://a.example/a.ts";', []],
    ['import type A from "./a.ts"', []],
    ['import type from "./a.ts"', ["./a.ts"]],
    ['import {\n  a, // of "b.ts"\n  /* from */ c,\n} from "./a.ts";', ["./a.ts"]],
    ['import/**/a/**/from/**/"./a.ts"', ["./a.ts"]],
    ['export * from "./a.ts"; export { b } from "./b.ts";', ["./a.ts", "./b.ts"]],
    ['export type { A } from "https://a.example/a.ts";', []],
    ["export const a = 1;", []],
    ['const a = await import("./a.ts");', ["./a.ts"]],
    ['await import /* here */ ( "./a.json", { with: { type: "json" } })', ["./a.json"]],
    ["import.meta.url", []],
    ['const important = "./a.ts"; object.import("./b.ts");', []],
    ['import { "a-b" as c } from "./a.ts";', ["./a.ts"]],
    ['import näher from "./a.ts";', ["./a.ts"]],
  ] as const
) {
  Deno.test(`importsOf() finds ${JSON.stringify(found)} in ${code}`, () => {
    assertEquals(importsOf(code, "mod.ts"), [...found]);
  });
}

for (const code of ["import(name)", 'import("a" + "b")', "import(`./${a}.ts`)", "import/**/(x)"]) {
  Deno.test(`importsOf() refuses ${code}`, () => {
    assertThrows(() => importsOf(code, "mod.ts"), TypeError, "must name its module by a text");
  });
}
