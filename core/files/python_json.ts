/**
 * JSON as Python writes it, which has words for numbers that JSON lacks: `NaN`, `Infinity` and `-Infinity`.
 *
 * @module
 */
import { explainingFileErrors } from "./file_error.ts";
import { parseJson } from "./json.ts";

/** A text, which stays as it is, or one of Python's words. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/gs;

/** Stands for NaN, which no number of JSON does; no file begins a text with a null character. */
const NAN = "\0NaN";

/** JSON that means the same: a number beyond the largest is read as infinity. */
function inJson(token: string): string {
  if (token === "Infinity") return "1e999";
  if (token === "-Infinity") return "-1e999";
  return token === "NaN" ? JSON.stringify(NAN) : token;
}

function withNan(value: unknown): unknown {
  if (value === NAN) return NaN;
  if (Array.isArray(value)) return value.map(withNan);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withNan(each)]));
}

/**
 * Parses JSON as Python's `json` writes it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parsePythonJson } from "./python_json.ts";
 *
 * assertEquals(parsePythonJson('{"least": -Infinity, "text": "NaN"}', "read a.json"), {
 *   least: -Infinity,
 *   text: "NaN",
 * });
 * ```
 *
 * @param action what cannot be done with other texts, such as `read a.json`
 * @throws {GenviewSyntaxError} if it is not JSON, or is nested deeper than 256 levels
 */
export function parsePythonJson(text: string, action: string): unknown {
  if (!/NaN|Infinity/.test(text)) return parseJson(text, action);
  const parsed = parseJson(text.replace(TOKEN, inJson), action);
  return text.includes("NaN") ? withNan(parsed) : parsed;
}

/**
 * Reads a file of JSON as Python's `json` writes it.
 *
 * @throws {GenviewNotFound} if there is none
 * @throws {GenviewSyntaxError} if it is not JSON, or is nested deeper than 256 levels
 * @throws {GenviewError} if the system refuses
 */
export async function readPythonJson(path: string): Promise<unknown> {
  const text = await explainingFileErrors(`read ${path}`, Deno.readTextFile(path));
  return parsePythonJson(text, `read ${path}`);
}
