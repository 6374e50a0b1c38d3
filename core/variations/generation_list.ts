/**
 * Lists of what is to be generated, in three formats: lines of path and noise level, as GenView's lists are; CSV with a
 * header; and JSON lines. The last two may say for each image what is said for all otherwise.
 *
 * @module
 */
import { normalizeKey } from "../data/relative_path.ts";
import { splitLines } from "../files/lines.ts";
import { type LevelLineOptions, type MalformedLine, parseLevelLines } from "../noise/mod.ts";
import { findingsOf } from "../schema/validate.ts";
import { csvRecords } from "./csv_records.ts";

/** What a list says of one image, or of what is generated from a prompt alone. */
export interface GenerationRow {
  /** Number of the line that it begins in, from 1. */
  readonly line: number;
  /** Path of the image. */
  readonly image?: string;
  /** Where there is no image, the path that it would have within the tree that is mirrored. */
  readonly key?: string;
  /** Step of the diffusion at which noise is added to the image's embedding, in [0, 999]. */
  readonly level: number;
  /** The prompt. */
  readonly prompt?: string;
  /** The negative prompt. */
  readonly negativePrompt?: string;
  /** Classifier-free guidance scale, from 1, which is no guidance. */
  readonly guidanceScale?: number;
  /** How many variations are made, from 1. */
  readonly variations?: number;
}

/** Format of a list. */
export type GenerationListFormat = "text" | "csv" | "json-lines";

/** A list's rows, and what is wrong with others. */
export interface GenerationList {
  /** The rows that are well formed, in their order. */
  readonly rows: readonly GenerationRow[];
  /** Lines of other rows, each with the column and the rule that it breaks. */
  readonly malformed: readonly MalformedLine[];
}

/** Values of a row that meets the schema, by the names that lists have for them. */
interface NamedValues {
  readonly image?: string;
  readonly key?: string;
  readonly level?: number;
  readonly prompt?: string;
  readonly negative_prompt?: string;
  readonly guidance_scale?: number;
  readonly variations?: number;
}

const TEXT = { type: "string" } as const;
const PATH = { type: "string", minLength: 1 } as const;

const SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: {
    image: PATH,
    key: PATH,
    level: { type: "integer", minimum: 0, maximum: 999 },
    prompt: TEXT,
    negative_prompt: TEXT,
    guidance_scale: { type: "number", minimum: 1 },
    variations: { type: "integer", minimum: 1 },
  },
} as const;

const COLUMNS: readonly string[] = Object.keys(SCHEMA.properties);

/** Names by which GenView++ writes columns. */
const ALIASES: Readonly<Record<string, string>> = { noise_level: "level" };

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Names of columns whose values are numbers. */
const NUMBERS: ReadonlySet<string> = new Set(
  Object.entries(SCHEMA.properties).flatMap(([name, { type }]) => type === "string" ? [] : [name]),
);

/** The format of a list by its name: `.csv`, `.jsonl` or `.ndjson`, and lines of text by any other. */
export function generationListFormat(path: string): GenerationListFormat {
  if (/\.csv$/i.test(path)) return "csv";
  return /\.(jsonl|ndjson)$/i.test(path) ? "json-lines" : "text";
}

/** What is wrong with the names of a row's values, in any order; undefined if nothing is. */
function problemOfNames(names: readonly string[]): string | undefined {
  const ours = names.map((name) => ALIASES[name] ?? name);
  const unknown = names.find((_, i) => !COLUMNS.includes(ours[i]!));
  if (unknown !== undefined) return `"${unknown}" is not known: use any of ${COLUMNS.join(", ")}`;
  const twice = ours.find((name, i) => ours.indexOf(name) !== i);
  return twice === undefined ? undefined : `"${twice}" must be there once, found it twice`;
}

/** A row of named values; a text is what is wrong with it. */
function rowOf(
  values: object,
  line: number,
  called: string,
  { level: fallback = 0, only = false }: LevelLineOptions,
): GenerationRow | string {
  const [finding] = findingsOf(SCHEMA, values, ([name = ""]) => `${called} ${name}`);
  if (finding !== undefined) return finding;
  const named: NamedValues = values;
  const { image, key, level, prompt, negative_prompt, guidance_scale, variations } = named;
  if ((image === undefined) === (key === undefined)) {
    return `it must have an image, or a key in place of one, found ${
      image === undefined ? "neither" : "both"
    }`;
  }
  if (only && level !== undefined && level !== fallback) {
    return `${called} level must be ${fallback}, found ${level}`;
  }
  return {
    line,
    ...(image !== undefined && { image: normalizeKey(image) }),
    ...(key !== undefined && { key: normalizeKey(key) }),
    level: level ?? fallback,
    ...(prompt !== undefined && { prompt }),
    ...(negative_prompt !== undefined && { negativePrompt: negative_prompt }),
    ...(guidance_scale !== undefined && { guidanceScale: guidance_scale }),
    ...(variations !== undefined && { variations }),
  };
}

/** Sorts rows from what is wrong with others. */
function sorted(
  found: readonly { readonly line: number; readonly row: GenerationRow | string }[],
  others: readonly MalformedLine[] = [],
): GenerationList {
  const rows: GenerationRow[] = [];
  const malformed: MalformedLine[] = [];
  for (const { line, row } of found) {
    if (typeof row === "string") malformed.push({ line, problem: row });
    else rows.push(row);
  }
  return { rows, malformed: [...malformed, ...others] };
}

function parseText(text: string, options: LevelLineOptions): GenerationList {
  const { lines, malformed } = parseLevelLines(text, options);
  return { rows: lines.map(({ path, level, line }) => ({ line, image: path, level })), malformed };
}

/** Values of a record's fields; empty ones are left out. */
function valuesOf(names: readonly string[], fields: readonly string[]): object {
  return Object.fromEntries(names.flatMap((name, i) => {
    const field = fields[i]!;
    if (field === "") return [];
    const text = field.trim();
    return [[name, NUMBERS.has(name) && NUMBER.test(text) ? Number(text) : field]];
  }));
}

async function parseCsv(text: string, options: LevelLineOptions): Promise<GenerationList> {
  const { records: [header, ...records], malformed } = await csvRecords(text);
  if (header === undefined) return { rows: [], malformed };
  const names = header.fields.map((name) => name.trim());
  const problem = problemOfNames(names);
  if (problem !== undefined) {
    return { rows: [], malformed: [{ line: header.line, problem: `column ${problem}` }] };
  }
  const ours = names.map((name) => ALIASES[name] ?? name);
  return sorted(
    records.map(({ line, fields }) => ({
      line,
      row: fields.length === ours.length
        ? rowOf(valuesOf(ours, fields), line, "column", options)
        : `it must have the header's ${ours.length} fields, found ${fields.length}`,
    })),
    malformed,
  );
}

/** A line of JSON as a row; a text is what is wrong with it. */
function parseJsonLine(
  text: string,
  line: number,
  options: LevelLineOptions,
): GenerationRow | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return `it must be JSON, found: ${(cause as Error).message}`;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return "it must be an object of JSON";
  }
  const given = Object.entries(value).filter(([, each]) => each !== null);
  const problem = problemOfNames(given.map(([name]) => name));
  if (problem !== undefined) return `field ${problem}`;
  const values = Object.fromEntries(given.map(([name, each]) => [ALIASES[name] ?? name, each]));
  return rowOf(values, line, "field", options);
}

function parseJsonLines(text: string, options: LevelLineOptions): GenerationList {
  return sorted(
    splitLines(text).flatMap((content, i) => {
      const line = i + 1;
      return content.trim() === "" ? [] : [{ line, row: parseJsonLine(content, line, options) }];
    }),
  );
}

/**
 * Parses a list. Columns of CSV, and fields of JSON lines, are `image` or `key`, `level`, `prompt`, `negative_prompt`,
 * `guidance_scale` and `variations`, in any order, of which all but one of the first two may be left out; `noise_level`, as
 * GenView++ writes it, is `level`. An empty field of CSV and `null` in JSON are left out, too; an empty text in JSON is
 * empty. Blank lines mean nothing.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseGenerationList } from "./generation_list.ts";
 *
 * const text = 'guidance_scale,image,prompt\n4,cat.jpg,"a cat, asleep"\n,dog.jpg,\n0.5,bird.jpg,\n';
 * const { rows, malformed } = await parseGenerationList(text, "csv", { level: 100 });
 * assertEquals(rows, [
 *   { line: 2, image: "cat.jpg", level: 100, prompt: "a cat, asleep", guidanceScale: 4 },
 *   { line: 3, image: "dog.jpg", level: 100 },
 * ]);
 * assertEquals(malformed, [
 *   { line: 4, problem: "column guidance_scale must be >= 1, found 0.5" },
 * ]);
 *
 * const line = '{"key": "a moon", "prompt": "the moon over the sea", "variations": 3}\n';
 * assertEquals((await parseGenerationList(line, "json-lines")).rows, [
 *   { line: 1, key: "a moon", level: 0, prompt: "the moon over the sea", variations: 3 },
 * ]);
 * ```
 *
 * @param options the level of rows that have none, and whether others are malformed
 */
export async function parseGenerationList(
  text: string,
  format: GenerationListFormat,
  options: LevelLineOptions = {},
): Promise<GenerationList> {
  if (format === "text") return parseText(text, options);
  return format === "csv" ? await parseCsv(text, options) : parseJsonLines(text, options);
}
