/**
 * Commands of pages that are not run, in blocks that need what no test has and in the midst of sentences, are of tasks
 * that there are, with options that these know.
 *
 * @module
 */
import { assert, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { tasks } from "../../cli.ts";
import configuration from "../../deno.json" with { type: "json" };
import { commandsOf, listPages, readBlocks, ROOT, wordsOf } from "./pages.ts";

/** What a task says of itself. */
async function helpOf(name: string): Promise<string> {
  const { log } = console;
  let help = "";
  console.log = (text: string) => help += `${text}\n`;
  try {
    const { main } = await tasks[name]!();
    await main(["--help"]);
  } finally {
    console.log = log;
  }
  return help;
}

/** Commands by where they stand: those of blocks that need something, and those that stand between backquotes. */
async function commandsNotRun(): Promise<(readonly [place: string, command: string])[]> {
  const inBlocks = (await readBlocks()).filter(({ info }) => info.startsWith("needs "))
    .flatMap((block) =>
      commandsOf(block).map((command) => [`${block.page}:${block.line}`, command] as const)
    );
  const inSentences = await Promise.all(
    listPages().map(async (page) => {
      const text = await Deno.readTextFile(join(ROOT, page));
      const spans = text.replaceAll(/^```.*?^```$/gms, "").matchAll(
        /`([^`\n]*deno task [^`\n]+)`/g,
      );
      return [...spans].map(([, command]) => [page, command!] as const);
    }),
  );
  return [...inBlocks, ...inSentences.flat()];
}

Deno.test("commands of pages that are not run have options that their tasks know", async () => {
  const helps = new Map<string, string>();
  let seen = 0;
  for (const [page, command] of await commandsNotRun()) {
    const place = `${page}: ${command}`;
    const [, name, rest] =
      /\bdeno task ([a-z][\w-]*)(.*)/.exec(command.replace(/\$\(.*?\)/, "OUTPUT")) ?? [];
    if (name === undefined) continue;
    assert(Object.hasOwn(configuration.tasks, name), place);
    if (!Object.hasOwn(tasks, name)) continue;
    seen++;
    if (!helps.has(name)) helps.set(name, await helpOf(name));
    const help = helps.get(name)!;
    const words = wordsOf(rest!.trim());
    for (const option of words.filter((word) => /^--(?!option\.)\w/.test(word))) {
      assertStringIncludes(help, ` ${option.replace(/=.*/, "")}`, `${option} in ${place}`);
    }
    const takesNames = !/^Usage: .*\[options\]$/m.test(help);
    assert(takesNames || words[0] === undefined || /^[-…]/.test(words[0]), place);
  }
  assert(seen > 20, "pages have commands that are not run");
});
