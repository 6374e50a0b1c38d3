/**
 * The modules that make up a plugin: its manifest, its entry and what they import, all in one folder.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { GenviewTypeError } from "../errors/mod.ts";
import { parseJson } from "../files/json.ts";
import { type Manifest, parseManifest } from "./manifest.ts";

/** A plugin's text. */
export interface MethodSources {
  /** Its manifest. */
  readonly manifest: Manifest;
  /** Texts of the manifest and of all modules, by their paths within the folder. */
  readonly files: ReadonlyMap<string, string>;
  /** SHA-256 of all of them in hexadecimal digits. */
  readonly sha256: string;
}

/** Gives the text at an address; undefined if there is none. */
export type ReadText = (address: URL) => Promise<string | undefined>;

/** Most modules and characters of a plugin. */
const MODULES = 200;
const CHARACTERS = 16_000_000;

/** Names of modules. */
const MODULE = /\.(?:m?[jt]s|json)$/;

const GAP = String.raw`(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*(?:\n|$))`;
const TEXT = String.raw`(?:"([^"\n]*)"|'([^'\n]*)')`;
const CLAUSE = String.raw`(?:[\p{ID_Continue}$,{}*]|"[^"\n]*"|'[^'\n]*'|${GAP})*?`;

const IMPORT = new RegExp(String.raw`(?<![\p{ID_Continue}$.])import\b${GAP}*`, "gu");
const EXPORT = new RegExp(
  String
    .raw`(?<![\p{ID_Continue}$.])export${GAP}*(type\b)?${GAP}*(?:\*|\{)${CLAUSE}\bfrom${GAP}*${TEXT}`,
  "gu",
);
const CALLED = new RegExp(String.raw`\(${GAP}*${TEXT}${GAP}*[,)]`, "uy");
const FROM = new RegExp(String.raw`${CLAUSE}\bfrom${GAP}*${TEXT}`, "uy");
const SIDE_EFFECT = new RegExp(TEXT, "uy");
const TYPES = /type\b(?!\s*(?:,|from\b))/uy;

/** What a pattern finds just there. */
function at(pattern: RegExp, code: string, index: number): RegExpExecArray | null {
  pattern.lastIndex = index;
  return pattern.exec(code);
}

function named(match: RegExpExecArray): string {
  return match.at(-2) ?? match.at(-1) ?? "";
}

/**
 * What a module imports when it runs; imports of types are gone by then.
 *
 * @param name what errors call the module
 * @throws {TypeError} if an import names what is only known when it runs
 */
export function importsOf(code: string, name: string): string[] {
  const found: string[] = [];
  for (const match of code.matchAll(IMPORT)) {
    const index = match.index + match[0].length;
    if (code[index] === "(") {
      const called = at(CALLED, code, index);
      if (called === null) {
        const shown = code.slice(match.index, match.index + 60).split("\n")[0];
        throw new GenviewTypeError(
          `Cannot load plugin "${name}": import() must name its module by a text, found ${shown}`,
        );
      }
      found.push(named(called));
    } else if (code[index] !== "." && at(TYPES, code, index) === null) {
      const from = at(SIDE_EFFECT, code, index) ?? at(FROM, code, index);
      if (from !== null) found.push(named(from));
    }
  }
  for (const match of code.matchAll(EXPORT)) {
    if (match[1] === undefined) found.push(named(match));
  }
  return found;
}

/** The addresses that a module imports, all of which lie in the plugin's folder. */
function addressesIn(code: string, module: URL, folder: URL): URL[] {
  return importsOf(code, module.href).map((specifier) => {
    const address = /^\.\.?\//.test(specifier) ? new URL(specifier, module) : undefined;
    if (address?.href.startsWith(folder.href)) return address;
    throw new GenviewTypeError(
      `Cannot load plugin "${module.href}": it may import modules of its own folder alone, by relative paths, found ` +
        `"${specifier}"; the SDK is handed to its build function, and types come by "import type"`,
    );
  });
}

/**
 * Reads a plugin's manifest and all modules that it is made of.
 *
 * @throws {TypeError} if the manifest or a module is missing or wrong, or a module imports what is not the plugin's own
 */
export async function readSources(manifestUrl: URL, read: ReadText): Promise<MethodSources> {
  const folder = new URL("./", manifestUrl);
  const action = `load plugin "${manifestUrl.href}"`;
  const text = await read(manifestUrl);
  if (text === undefined) {
    throw new GenviewTypeError(`Cannot ${action}: there is no manifest; check the path or address`);
  }
  const manifest = parseManifest(parseJson(text, action), manifestUrl.href);
  const files = new Map<string, string>([[manifestUrl.href, text]]);
  const pending = addressesIn(`import ${JSON.stringify(manifest.entry)}`, manifestUrl, folder);
  let characters = text.length;
  while (pending.length > 0) {
    const address = pending.pop()!;
    if (files.has(address.href)) continue;
    const code = await read(address);
    // What a comment shows as an example need not be there; what is imported is missed when it is.
    if (code === undefined && files.size > 1) continue;
    if (code === undefined) {
      throw new GenviewTypeError(
        `Cannot load plugin "${manifest.name}" of ${manifestUrl.href}: there is no module ${address.href}; check the ` +
          "path or address",
      );
    }
    if (!MODULE.test(address.pathname)) {
      throw new GenviewTypeError(
        `Cannot load plugin "${manifest.name}" of ${manifestUrl.href}: its modules must be .ts, .mts, .js, .mjs or .json ` +
          `files, found ${address.href}`,
      );
    }
    characters += code.length;
    if (files.size >= MODULES || characters > CHARACTERS) {
      throw new GenviewTypeError(
        `Cannot ${action}: it may have ${MODULES} modules and ${CHARACTERS} characters, found more`,
      );
    }
    files.set(address.href, code);
    if (!address.pathname.endsWith(".json")) pending.push(...addressesIn(code, address, folder));
  }
  const byPath = [...files].map(([href, code]) => [href.slice(folder.href.length), code] as const)
    .sort(([a], [b]) => a < b ? -1 : 1);
  return { manifest, files: new Map(byPath), sha256: digestOf(byPath) };
}

function digestOf(files: readonly (readonly [path: string, text: string])[]): string {
  const hash = createHash("sha256");
  for (const [path, text] of files) hash.update(`${path}\0${text.length}\0${text}`);
  return hash.digest("hex");
}
