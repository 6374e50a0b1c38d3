/**
 * JSON from outside: what is wrong with it is one line that names the file.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import { explainingFileErrors } from "./file_error.ts";

/** Deepest nesting that is read: no file of this field has a tenth of it, and walking much deeper exhausts the stack. */
export const MAX_JSON_DEPTH = 256;

/** Whether a text opens more brackets within each other than are read. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    if (sign === 0x22) inText = !inText;
    else if (inText) i += Number(sign === 0x5c);
    else if (sign === 0x7b || sign === 0x5b) {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (sign === 0x7d || sign === 0x5d) depth--;
  }
  return false;
}

/**
 * Parses JSON of at most 256 levels.
 *
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { parseJson } from "./json.ts";
 *
 * assertEquals(parseJson("[1]", "read a.json"), [1]);
 * assertThrows(() => parseJson("[".repeat(1000), "read a.json"), SyntaxError, "Cannot read a.json: ");
 * ```
 *
 * @param action what cannot be done with other texts, such as `read a.json`
 * @throws {GenviewSyntaxError} if it is not JSON, or is nested deeper
 */
export function parseJson(text: string, action: string): unknown {
  if (isTooDeep(text)) {
    throw new GenviewSyntaxError(
      `Cannot ${action}: JSON must have at most ${MAX_JSON_DEPTH} levels, found more`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GenviewSyntaxError(
      `Cannot ${action}: it must be JSON, found: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Reads a file of JSON.
 *
 * @throws {GenviewNotFound} if there is none
 * @throws {GenviewSyntaxError} if it is not JSON, or is nested deeper than 256 levels
 * @throws {GenviewError} if the system refuses
 */
export async function readJson(path: string): Promise<unknown> {
  const text = await explainingFileErrors(`read ${path}`, Deno.readTextFile(path));
  return parseJson(text, `read ${path}`);
}
