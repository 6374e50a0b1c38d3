/**
 * Parts of the tests, each for a process of its own: some entries of a folder, and all tests and examples below them.
 *
 * @module
 */
import { join } from "node:path";

/** A part of the tests: what lies in a folder, but for some of its entries. */
export interface TestPart {
  /** A folder or file. */
  readonly path: string;
  /** Entries of the folder that are no part of it. */
  readonly others: readonly string[];
}

interface Entry {
  readonly name: string;
  /** Files below it that have tests or examples; it is one itself where it is a file. */
  readonly files: number;
  readonly entries: readonly Entry[];
}

/** Whether `deno test --doc` finds something to run in a file. */
async function hasTests(path: string): Promise<boolean> {
  if (path.endsWith("_test.ts")) return true;
  if (!/\.(ts|md)$/.test(path)) return false;
  return /^\s*(\* ?)?```(ts|typescript)\b/m.test(await Deno.readTextFile(path));
}

async function readEntries(folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (name.startsWith(".")) continue;
    const path = join(folder, name);
    const below = isDirectory ? await readEntries(path) : [];
    const files = isDirectory
      ? below.reduce((sum, entry) => sum + entry.files, 0)
      : Number(await hasTests(path));
    entries.push({ name, files, entries: below });
  }
  return entries.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Entries one after the other in groups of at most so many files. */
function groupsOf(entries: readonly Entry[], most: number): Entry[][] {
  const groups: Entry[][] = [];
  let room = 0;
  for (const entry of entries) {
    if (groups.length === 0 || entry.files > room) {
      groups.push([]);
      room = most;
    }
    groups.at(-1)!.push(entry);
    room -= entry.files;
  }
  return groups;
}

function divide(folder: string, entries: readonly Entry[], most: number): TestPart[] {
  const few = entries.filter(({ files }) => files > 0 && files <= most);
  const parts = groupsOf(few, most).map((group) => ({
    path: folder,
    others: entries.filter((entry) => !group.includes(entry)).map(({ name }) => name),
  }));
  const many = entries.filter(({ files }) => files > most);
  return [
    ...parts,
    ...many.flatMap((entry) => divide(join(folder, entry.name), entry.entries, most)),
  ];
}

/**
 * Divides the tests and examples of a folder and of all folders below it. Each file that has some is in one part.
 *
 * @param path a folder; a file is one part
 * @param most files in a part
 */
export async function testParts(path: string, most: number): Promise<TestPart[]> {
  if ((await Deno.stat(path)).isFile) return [{ path, others: [] }];
  return divide(path, await readEntries(path), most);
}
