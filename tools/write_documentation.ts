/**
 * `deno task docs [FOLDER]`: writes the documentation of every entry point that deno.json exports as pages of HTML with
 * a search, into `docs/api` or the folder that is named. An earlier set of pages there is replaced.
 *
 * @module
 */
import { join } from "node:path";
import { GenviewTypeError } from "../core/errors/mod.ts";
import configuration from "../deno.json" with { type: "json" };
import { command, parse, runTask } from "../tasks/cli/command_line.ts";

const COMMAND = command({
  name: "docs",
  summary:
    "Writes the documentation of every entry point of the library as pages of HTML with a search, into docs/api or the " +
    "folder that is named. Earlier pages there are replaced.",
  positional: "[FOLDER]",
  examples: [
    { command: "deno task docs", does: "writes docs/api; open index.html there" },
    { command: "deno task docs /tmp/genview-docs", does: "writes them somewhere else" },
  ],
  options: { type: "object", properties: {} },
});

const ROOT = new URL("../", import.meta.url).pathname;
const { ".": first, ...further } = configuration.exports;

/** Removes pages that were written before; other folders stay as they are. */
async function removeEarlier(folder: string): Promise<void> {
  try {
    await Deno.stat(join(folder, "all_symbols.html"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  await Deno.remove(folder, { recursive: true });
}

/** The first sentence of a module's documentation. */
async function summaryOf(path: string): Promise<string> {
  const [, text = ""] = /^\/\*\*(.*?)\*\//s.exec(await Deno.readTextFile(join(ROOT, path))) ?? [];
  const words = text.replaceAll(/^\s*\* ?/gm, " ").replaceAll(/\s+/g, " ").trim();
  return words.split(/(?<=\.)\s/)[0]!.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** Lists the other entry points on the first page: Deno puts the main one's documentation there, and no list. */
async function listEntryPoints(folder: string): Promise<void> {
  const rows = await Promise.all(
    Object.entries(further).map(async ([name, path]) =>
      `<li><a href="${name}/index.html">${path.slice(2)}</a>: ${await summaryOf(path)}</li>\n`
    ),
  );
  const page = join(folder, "index.html");
  const before = await Deno.readTextFile(page);
  const list = `<section class="markdown"><h2>Entry points</h2>\n<ul>\n${
    rows.join("")
  }</ul></section>\n`;
  const after = before.replace("</main>", () => `${list}</main>`);
  if (after === before) throw new Error(`Internal: ${page} has no main part`);
  await Deno.writeTextFile(page, after);
}

/** Runs the task with its arguments. */
async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const [folder = join(ROOT, "docs", "api"), ...others] = parsed.positional;
  if (others.length > 0) {
    throw new GenviewTypeError(
      `Cannot write the documentation: one FOLDER may be named, found ${others.length + 1}`,
    );
  }
  await removeEarlier(folder);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["doc", "--quiet", "--html", "--name=genview", `--output=${folder}`],
      ...[first, ...Object.values(further)].map((path) => join(ROOT, path)),
    ],
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
  await listEntryPoints(folder);
  console.log(`open ${join(folder, "index.html")}`);
}

if (import.meta.main) await runTask(main);
