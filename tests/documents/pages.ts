/**
 * The pages of the project and their fenced blocks.
 *
 * A block of commands begins with three backquotes and `sh`; where it cannot be run without what a test has none of,
 * `needs` and what that is stand behind it: `sh needs weights`, `sh needs a GPU`, `sh needs ImageNet`.
 *
 * @module
 */
import { join } from "node:path";

/** Folder of the project. */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Line of the fence, counted from 1. */
  readonly line: number;
  readonly language: string;
  /** What stands behind the language. */
  readonly info: string;
  readonly text: string;
}

/** The Markdown pages in a folder of the project. */
function pagesIn(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].map(({ name }) => name)
    .filter((name) => name.endsWith(".md")).sort().map((name) => join(folder, name));
}

/** All pages, in the order in which their commands build on each other. */
export function listPages(): string[] {
  const first = ["README.md", "docs/getting-started.md", "docs/pipeline.md"];
  const others = pagesIn("docs").filter((page) => !first.includes(page));
  const plugins = [...Deno.readDirSync(join(ROOT, "plugins"))].filter((entry) => entry.isDirectory)
    .map(({ name }) => name).sort().flatMap((name) => pagesIn(join("plugins", name)));
  return [...first, ...others, ...plugins, "CONTRIBUTING.md"];
}

/** The fenced blocks of a text in Markdown. */
export function blocksOf(page: string, markdown: string): Block[] {
  const fences = markdown.matchAll(/^```(\S*)(?: +([^\n]*))?\n(.*?)^```$/gms);
  return [...fences].map(({ index, 1: language, 2: info, 3: text }) => ({
    page,
    line: markdown.slice(0, index).split("\n").length,
    language: language!,
    info: info ?? "",
    text: text!,
  }));
}

/** The commands of a block, with lines that end in a backslash joined to the next, without comments. */
export function commandsOf({ text }: Block): string[] {
  return text.replaceAll(/\\\n\s*/g, "").split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** The words of a command, of which those with blanks stand in quotes. */
export function wordsOf(command: string): string[] {
  return [...command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)]
    .map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}

/** All blocks of all pages. */
export async function readBlocks(): Promise<Block[]> {
  const pages = listPages();
  const texts = await Promise.all(pages.map((page) => Deno.readTextFile(join(ROOT, page))));
  return pages.flatMap((page, i) => blocksOf(page, texts[i]!));
}
