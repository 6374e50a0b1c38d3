/**
 * The last record of a log, without the others.
 *
 * @module
 */
import { isTooDeep } from "../../files/json.ts";
import { NOT_IN_JSON } from "../../files/json_lines.ts";
import { PlainFile } from "./plain_file.ts";

/** Bytes of a log's end that are looked at. */
const TAIL = 1 << 14;

/** Numbers of a line by name; undefined if it is no record. */
function numbersOf(line: string): Record<string, number> | undefined {
  let record: unknown;
  try {
    record = isTooDeep(line) ? undefined : JSON.parse(line);
  } catch {
    // Torn off as it was written, or damaged: the line before counts.
    return undefined;
  }
  if (typeof record !== "object" || record === null || !("step" in record)) return undefined;
  const numbers = Object.entries(record).flatMap(([name, value]) => {
    const number = typeof value === "number" ? value : NOT_IN_JSON.get(value);
    return number === undefined ? [] : [[name, number] as const];
  });
  return Object.fromEntries(numbers.slice(0, 256));
}

/**
 * The numbers of the last whole record of a log; undefined if it has none.
 *
 * @throws {GenviewTypeError} if it is no plain file
 */
export function lastRecord(path: string): Record<string, number> | undefined {
  using file = PlainFile.open(path);
  if (file === undefined) return undefined;
  const lines = new TextDecoder().decode(file.tail(TAIL)).split("\n").slice(0, -1);
  for (const line of lines.reverse()) {
    const found = numbersOf(line);
    if (found !== undefined) return found;
  }
  return undefined;
}
