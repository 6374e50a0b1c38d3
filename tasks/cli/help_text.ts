/**
 * The text that `--help` prints, made from a command's description and the schemas of its options.
 *
 * @module
 */
import type { ObjectSchema, PropertySchema } from "../../core/schema/schema.ts";
import type { Command } from "./command_line.ts";
import { kebab, typesOf } from "./option_values.ts";
import { asStarted } from "./program_name.ts";
import { formatExample, wrap } from "./text_layout.ts";

/** How a help text is laid out. */
export interface HelpLayout {
  /** Columns of a line. */
  readonly columns: number;
  /** Emphasises a heading. */
  readonly heading: (text: string) => string;
}

/** Columns up to the descriptions, where the lines are wide enough for two columns of text. */
const OPTION_COLUMNS = 30;
const TWO_COLUMNS = 70;

/** Heading of options whose schema names no group. */
const UNGROUPED = "Options";

interface Row {
  readonly group: string;
  readonly option: string;
  readonly text: string;
}

function placeholder(schema: PropertySchema): string {
  if (schema.enum !== undefined) {
    return ` ${schema.enum.filter((each) => each !== "").join("|")}`;
  }
  const types = typesOf(schema);
  if (types.includes("boolean")) return "";
  if (types.includes("string")) return " TEXT";
  if (types.includes("object")) return types.includes("number") ? " NUMBER|JSON" : " JSON";
  if (types.includes("array")) {
    const items = schema["items"] as PropertySchema | undefined;
    return items?.type === undefined || items.type === "object" ? " JSON" : " A,B,...";
  }
  return " NUMBER";
}

/** A default in words; undefined where it says no more than that the option may be left out. */
function defaultText({ default: value }: PropertySchema): string | undefined {
  if (value === undefined || value === "" || value === false) return undefined;
  if (value === true) return "on by default";
  if (typeof value === "object" && Object.keys(value as object).length === 0) return undefined;
  return `default ${typeof value === "string" ? value : JSON.stringify(value)}`;
}

function describe(schema: PropertySchema): string {
  const { description = "", suggestions = [] } = schema;
  const fallback = defaultText(schema);
  const known = suggestions.length === 0 ? "" : `; known: ${suggestions.join(", ")}`;
  if (fallback === undefined) return `${description}${known}`;
  // A remark in brackets and the default share them: "(0: all cores; default 0)".
  return description.endsWith(")")
    ? `${description.slice(0, -1)}; ${fallback})${known}`
    : `${description} (${fallback})${known}`;
}

/** Rows of an option, and of each of the keys that it is known to take. */
function rowsOf(name: string, schema: PropertySchema): Row[] {
  const group = schema.group ?? UNGROUPED;
  const off = schema.default === true ? "[no-]" : "";
  const own = {
    group,
    option: `--${off}${kebab(name)}${placeholder(schema)}`,
    text: describe(schema),
  };
  if (schema.entry === undefined) return [own];
  const { properties, title } = schema as unknown as Partial<ObjectSchema> & { title?: string };
  if (properties === undefined) {
    const text = `one of them, such as --${schema.entry}.WIDTH 512`;
    return [own, { group, option: `--${schema.entry}.NAME VALUE`, text }];
  }
  const keys = Object.entries(properties).map(([key, each]) => ({
    group: title ?? group,
    option: `--${schema.entry}.${kebab(key)}${placeholder(each) || " true|false"}`,
    text: describe(each),
  }));
  return [own, ...keys];
}

function formatRow({ option, text }: Row, columns: number): string {
  if (columns < TWO_COLUMNS) {
    return `  ${option}\n${" ".repeat(6)}${wrap(text, columns - 6, " ".repeat(6))}`;
  }
  const indent = " ".repeat(OPTION_COLUMNS);
  const first = `  ${option}`;
  const start = first.length < OPTION_COLUMNS
    ? first.padEnd(OPTION_COLUMNS)
    : `${first}\n${indent}`;
  return `${start}${wrap(text, columns - OPTION_COLUMNS, indent)}`;
}

/** The text that `--help` prints: what the command does, examples, and its options by group. */
export function helpText(command: Command, { columns, heading }: HelpLayout): string {
  const rows = Object.entries(command.options.properties).flatMap(([name, schema]) =>
    rowsOf(name, schema)
  );
  const groups = [...new Set([UNGROUPED, ...rows.map(({ group }) => group)])];
  rows.push({ group: UNGROUPED, option: "-h, --help", text: "print this text" });
  const usage = `deno task ${command.name} [options]`;
  return asStarted([
    wrap(command.summary, columns, ""),
    "",
    `${heading("Usage:")} ${usage}${command.positional ? ` ${command.positional}` : ""}`,
    "",
    heading("Examples:"),
    ...command.examples.map((example) => formatExample(example, columns)),
    ...groups.flatMap((group) => [
      "",
      heading(`${group}:`),
      ...rows.filter((row) => row.group === group).map((row) => formatRow(row, columns)),
    ]),
    "",
  ].join("\n"));
}
