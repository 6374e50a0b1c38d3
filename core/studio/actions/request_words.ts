/**
 * Requests as the words of a command line.
 *
 * @module
 */
import { optionName } from "../../schema/option_name.ts";
import type { JobRequest } from "../api/actions.ts";

/** Texts that may stand in a list without brackets: no comma parts them, and nothing takes them for JSON. */
const PLAIN = /^[\w./:=+-]+$/;

/** A list as one word: without brackets where that can be read in one way alone. */
function listText(list: readonly unknown[]): string {
  const arePlain = list.every((item) => typeof item === "string" && PLAIN.test(item));
  const areNumbers = list.every((item) => typeof item === "number");
  return list.length > 0 && (arePlain || areNumbers) ? list.join(",") : JSON.stringify(list);
}

/** The word or the words of an option. */
function optionWords(name: string, value: unknown): string[] {
  const option = optionName(name);
  if (typeof value === "boolean") return [value ? option : `--no-${option.slice(2)}`];
  const text = typeof value === "string"
    ? value
    : Array.isArray(value)
    ? listText(value)
    : JSON.stringify(value);
  // What begins with a hyphen would be taken for an option, and nothing at all for a word that was forgotten.
  return text === "" || text.startsWith("-") ? [`${option}=${text}`] : [option, text];
}

/**
 * The words that say to a task what a request does, none of which passes through a shell.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { requestWords } from "./request_words.ts";
 *
 * assertEquals(
 *   requestWords({
 *     task: "export",
 *     positional: ["runs/photos", "backbone.onnx"],
 *     options: { imageSize: 96, names: "-x" },
 *   }),
 *   ["runs/photos", "backbone.onnx", "--image-size", "96", "--names=-x"],
 * );
 * ```
 *
 * @param request options by their names in the task's schema, with values that meet it
 */
export function requestWords({ positional = [], options }: JobRequest): string[] {
  const words = Object.entries(options).flatMap(([name, value]) => optionWords(name, value));
  // Behind `--` nothing is an option.
  const isPlain = positional.every((word) => word !== "" && !word.startsWith("-"));
  return isPlain ? [...positional, ...words] : [...words, "--", ...positional];
}

/** Characters that a shell leaves as they are. */
const UNQUOTED = /^[\w@%+=:,./-]+$/;

/**
 * A command line as people copy it into a shell of POSIX: what a shell would change is quoted.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shellText } from "./request_words.ts";
 *
 * assertEquals(shellText(["echo", "it's $HOME", ""]), `echo 'it'\\''s $HOME' ''`);
 * ```
 */
export function shellText(words: readonly string[]): string {
  return words.map((word) => UNQUOTED.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
    .join(" ");
}
