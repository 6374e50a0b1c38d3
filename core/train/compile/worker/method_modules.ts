/**
 * A method's modules as a thread imports them: from texts that were read and checked before, under a scheme of their own.
 *
 * Deno asks no permission to fetch a package of npm's, and fetches those that a file imports before it runs any of it. So
 * no module of a method's is imported from where it lies, and nothing but its modules can be imported, not by code that
 * the method makes from a text either.
 *
 * @module
 */
import { registerHooks, stripTypeScriptTypes } from "node:module";

/** Where a thread finds the folder of its method. */
export const METHOD_FOLDER = "method:///";

/** What Node.js's types removal calls its input in errors. */
const UNNAMED = "file:///stripTypeScriptTypes.ts";

/** An error whose place is in a method's code. */
function located(error: Error, place: string): Error {
  error.stack = `${error.name}: ${error.message}\n    at ${place}`;
  return error;
}

/** JavaScript for a module's text; lines and columns stay, unless types cannot just be erased, as enumerations. */
function javascriptOf(text: string, address: string): string {
  if (!/\.m?ts$/.test(address)) return text;
  try {
    return stripTypeScriptTypes(text);
  } catch {
    // What types are made of is not told apart from what cannot be parsed, and of that no place is told.
  }
  try {
    return stripTypeScriptTypes(text, { mode: "transform" });
  } catch (thrown) {
    const { message } = thrown as Error;
    const words = message.split("\n")[0]!.replace(/^SyntaxError: /, "");
    const place = message.split(UNNAMED)[1] ?? ":1:1";
    throw located(new SyntaxError(words), address + place);
  }
}

/** Where a module imports another, as `LINE:COLUMN`. */
function placeOf(specifier: string, text = ""): string {
  const before = text.slice(0, Math.max(0, text.indexOf(specifier))).split("\n");
  return `${before.length}:${before.at(-1)!.length + 1}`;
}

/**
 * Makes a method's modules, and nothing else, what this thread can import from now on.
 *
 * @param modules texts by their paths within the method's folder
 * @returns what was wrong where an import threw: Deno tells of an error only its words
 */
export function serveModules(modules: ReadonlyMap<string, string>): (thrown: unknown) => unknown {
  // A method may change what all maps have; it cannot reach an object without prototype.
  const texts: Record<string, string> = Object.assign(
    Object.create(null),
    Object.fromEntries(modules),
  );
  let fault: Error | undefined;
  const fail = (error: Error): never => {
    fault = error;
    throw error;
  };
  registerHooks({
    resolve(specifier, { parentURL = "" }) {
      const isRelative = /^\.\.?\//.test(specifier) && parentURL.startsWith(METHOD_FOLDER);
      const url = isRelative ? new URL(specifier, parentURL).href : specifier;
      const path = url.slice(METHOD_FOLDER.length);
      if (url === METHOD_FOLDER + path && texts[path] !== undefined) {
        return { url: METHOD_FOLDER + path, shortCircuit: true };
      }
      const rule = isRelative
        ? `there is no module ${url}; check the path or address`
        : `it may import modules of its own folder alone, by relative paths, found "${specifier}"`;
      const text = texts[parentURL.slice(METHOD_FOLDER.length)];
      return fail(located(new TypeError(rule), `${parentURL}:${placeOf(specifier, text)}`));
    },
    load(url) {
      const text = texts[url.slice(METHOD_FOLDER.length)]!;
      if (url.endsWith(".json")) return { format: "json", source: text, shortCircuit: true };
      try {
        return { format: "module", source: javascriptOf(text, url), shortCircuit: true };
      } catch (error) {
        return fail(error as Error);
      }
    },
  });
  return (thrown) =>
    fault !== undefined && String((thrown as Error | null)?.message).includes(fault.message)
      ? fault
      : thrown;
}
