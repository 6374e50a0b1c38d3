import { assert, assertThrows } from "@std/assert";
import { join } from "node:path";
import { generatorConfiguration } from "../../core/unclip/training/generator_configuration.ts";
import { withOptions } from "../../tools/write_generator_options.ts";
import { blocksOf, ROOT } from "./pages.ts";

const PAGE = "docs/generator.md";
const page = await Deno.readTextFile(join(ROOT, PAGE));

Deno.test("docs/generator.md has every option of a configuration in the words of its schema", () => {
  assert(
    withOptions(page) === page,
    "write its table: deno run --allow-read --allow-write tools/write_generator_options.ts",
  );
});

Deno.test("a table of options that has fallen behind is written anew, and nothing else", () => {
  const behind = page.replace(/^\| `unet\.headWidth`.*\n/m, "");
  assert(behind !== page && withOptions(behind) === page);
  assertThrows(() => withOptions(page.replaceAll("| key", "| name")), Error, "no table");
});

Deno.test("configurations of docs/generator.md meet the schema", () => {
  const examples = blocksOf(PAGE, page).filter(({ language }) => language === "json");
  assert(examples.length > 0);
  for (const { text, line } of examples) {
    generatorConfiguration(JSON.parse(text), `${PAGE}:${line}`);
  }
});
