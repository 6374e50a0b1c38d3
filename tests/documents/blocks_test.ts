/**
 * What stands in fenced blocks of pages is checked: commands by commands_test.ts, TypeScript by `deno test --doc`,
 * JSON here. Nothing else stands in them but programs in Python and plain text. What docs/writing-a-plugin.md has, a
 * test of its own builds word for word.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { blocksOf, commandsOf, listPages, readBlocks, ROOT, wordsOf } from "./pages.ts";

const LANGUAGES = ["sh", "ts", "json", "python", "text"];

Deno.test("blocks of pages are of a kind that a test checks", async () => {
  for (const { page, line, language, info, text } of await readBlocks()) {
    const place = `${page}:${line}`;
    assert(LANGUAGES.includes(language), `${place}: ${language || "no language"}`);
    const marked = info === "" || (language === "sh" && info.startsWith("needs ")) ||
      (language === "ts" && page === "docs/writing-a-plugin.md");
    assert(marked, `${place}: "${info}" is not what a block needs`);
    if (language === "json") JSON.parse(text);
  }
});

Deno.test("pages link to files that are there", async () => {
  for (const page of listPages()) {
    const text = await Deno.readTextFile(join(ROOT, page));
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) {
      assert(existsSync(join(ROOT, dirname(page), target!)), `${page}: ${target}`);
    }
    // Files of the project that are named without a link; capitals stand for any name.
    for (
      const [, named] of text.matchAll(
        /`((?:core|docs(?!\/api)|plugins|tasks|tests|configs|bench)\/[\w./-]+)`/g,
      )
    ) {
      const example = /[A-Z]{3}/.test(named!) && !named!.endsWith("README.md");
      assert(example || existsSync(join(ROOT, named!)), `${page}: ${named}`);
    }
  }
});

Deno.test("docs/README.md and the README's table name every page of docs/", async () => {
  const index = await Deno.readTextFile(join(ROOT, "docs/README.md"));
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const pages = listPages().filter((name) =>
    name.startsWith("docs/") && !name.endsWith("README.md")
  );
  for (const page of pages) {
    const name = page.slice("docs/".length);
    assert(index.includes(`(${name})`), `docs/README.md must name ${name}`);
    const row = new RegExp(`^\\| \\[[^\\]]+\\]\\(${page}\\) +\\|`, "m");
    assert(row.test(readme), `README.md must have a row of ${page}`);
  }
});

Deno.test("blocks, their commands and the words of these", () => {
  const markdown =
    "text\n\n```sh needs a GPU\n# first\ndeno task train \\\n  --data 'my photos'\n```\n";
  const [block, ...others] = blocksOf("a.md", markdown);
  assertEquals(others, []);
  assertEquals([block!.line, block!.language, block!.info], [3, "sh", "needs a GPU"]);
  const commands = commandsOf(block!);
  assertEquals(commands, ["deno task train --data 'my photos'"]);
  assertEquals(wordsOf(commands[0]!), ["deno", "task", "train", "--data", "my photos"]);
});
