/**
 * Lists of classes in a text file.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { splitLines } from "../files/lines.ts";

/** Classes in the order of their labels. */
export interface ClassList {
  /** What errors call it, such as its path. */
  readonly name: string;
  /** Names of the classes, which are those of their folders. */
  readonly classes: readonly string[];
  /** Line of each class, counted from 1; unknown where the classes come from elsewhere. */
  readonly lines?: readonly number[];
}

/** A synset of WordNet, as ImageNet's folders are named, and what it is called. */
const SYNSET = /^(n\d{8})(?=\s|,|$)/;

/** The name of the class in a line. */
function classOf(line: string): string {
  return SYNSET.exec(line)?.[1] ?? line.split("\t")[0]!.trim();
}

/**
 * Parses a list of classes, one in each line, in the order of their labels. Of a line that begins with a synset, such as
 * `n01440764 tench, Tinca tinca` of ImageNet's `synset_words.txt` and `LOC_synset_mapping.txt`, the synset is the class;
 * of others what stands before a tab, or all of it. Blank lines and those that begin with `#` mean nothing.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseClassList } from "./class_list.ts";
 *
 * assertEquals(parseClassList("n01440764 tench, Tinca tinca\ngolden retriever\n").classes, [
 *   "n01440764",
 *   "golden retriever",
 * ]);
 * ```
 *
 * @param name what errors call the list
 * @throws {SyntaxError} if it has no class, or one twice, naming the lines
 */
export function parseClassList(text: string, name = "list"): ClassList {
  const lines = new Map<string, number>();
  splitLines(text).forEach((written, i) => {
    const line = written.trim();
    if (line === "" || line.startsWith("#")) return;
    const found = classOf(line);
    const before = lines.get(found);
    if (before !== undefined) {
      throw new GenviewSyntaxError(
        `Cannot read the class list "${name}": each class must stand in one line, found "${found}" in lines ${before} and ${
          i + 1
        }`,
      );
    }
    lines.set(found, i + 1);
  });
  if (lines.size === 0) {
    throw new GenviewSyntaxError(
      `Cannot read the class list "${name}": it must name classes, one in each line, found none`,
    );
  }
  return { name, classes: [...lines.keys()], lines: [...lines.values()] };
}

/**
 * Reads a list of classes, written as {@linkcode parseClassList} reads it.
 *
 * @throws {Deno.errors.NotFound} if there is no such list
 * @throws {SyntaxError} if it has no class, or one twice
 */
export async function readClassList(path: string): Promise<ClassList> {
  const action = `read the class list "${path}"`;
  return parseClassList(await explainingFileErrors(action, Deno.readTextFile(path)), path);
}

/** Where a class stands in its list: `"n01440764" (line 1)`. */
export function describeClass({ classes, lines }: ClassList, label: number): string {
  return `"${classes[label]}"${lines === undefined ? "" : ` (line ${lines[label]})`}`;
}
