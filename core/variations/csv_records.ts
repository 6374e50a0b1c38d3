/**
 * Records of CSV as RFC 4180 has them, with the lines that they stand in.
 *
 * @module
 */
import type { Info } from "../deps/csv_parse.ts";
import type { MalformedLine } from "../noise/mod.ts";

/** A record. */
export interface CsvRecord {
  /** Number of the line that it begins in, from 1. */
  readonly line: number;
  /** Its fields, without the quotes around them. */
  readonly fields: readonly string[];
}

/** Rules of quotes, by the error that says one is broken. */
const QUOTES: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quoted field must be closed, found the end of the file",
  CSV_INVALID_CLOSING_QUOTE:
    "a quoted field must end at a comma or a line break, found text behind its quote; quotes in a field are doubled",
  INVALID_OPENING_QUOTE:
    "a field that has quotes must be quoted itself and its quotes doubled, found a quote in the middle",
};

/**
 * The records of a text but for blank lines. Fields may be quoted, and then hold commas, doubled quotes and line breaks,
 * which become `\n`; of a text whose quotes break the rules, the records before.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { records } = await csvRecords('image,prompt\na.jpg,"one ""cat"",\ntwo dogs"\n\nb.jpg,\n');
 * assertEquals(records, [
 *   { line: 1, fields: ["image", "prompt"] },
 *   { line: 2, fields: ["a.jpg", 'one "cat",\ntwo dogs'] },
 *   { line: 5, fields: ["b.jpg", ""] },
 * ]);
 * ```
 */
export async function csvRecords(
  text: string,
): Promise<{ readonly records: CsvRecord[]; readonly malformed: readonly MalformedLine[] }> {
  // Loaded on first use: most lists are plain lines.
  const { CsvError, parse } = await import("../deps/csv_parse.ts");
  const records: CsvRecord[] = [];
  let next = 1;
  const take = (fields: string[], { lines }: Info) => {
    if (fields.length > 1 || fields[0] !== "") records.push({ line: next, fields });
    next = lines + 1;
    return null;
  };
  try {
    // The parser counts a line break of two characters inside of quotes as two lines.
    parse(text.replace(/\r\n?/g, "\n"), {
      ...{ bom: true, relax_column_count: true, record_delimiter: "\n" },
      on_record: take as never,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { records, malformed: [{ line: next, problem: QUOTES[error.code] ?? error.message }] };
  }
  return { records, malformed: [] };
}
