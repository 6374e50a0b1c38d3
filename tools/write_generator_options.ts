/**
 * `deno run --allow-read --allow-write tools/write_generator_options.ts`: writes the table of a generator's configuration in
 * docs/generator.md anew, from the schema of its training.
 *
 * @module
 */
import { join } from "node:path";
import type { ObjectSchema, PropertySchema } from "../core/schema/schema.ts";
import { generatorSchema } from "../core/unclip/training/generator_schema.ts";

const PAGE = join(new URL("../", import.meta.url).pathname, "docs/generator.md");
const HEADER = ["key", "default", "what it is"];

function isObject(property: PropertySchema): property is PropertySchema & ObjectSchema {
  return property.type === "object";
}

/** JSON on one line, as a formatter has it. */
function inline(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(inline).join(", ")}]` : JSON.stringify(value);
}

/** Cells of all options of a schema, those of objects behind their names and a point. */
function rowsOf({ properties }: ObjectSchema, before = ""): string[][] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const key = before + name;
    if (isObject(property)) return rowsOf(property, `${key}.`);
    const { default: value, description } = property;
    if (description === undefined) throw new Error(`Internal: "${key}" has no description`);
    return [[`\`${key}\``, value === undefined ? "none" : `\`${inline(value)}\``, description]];
  });
}

/** The table of a schema's options, aligned as `deno fmt` does. */
function tableOf(schema: ObjectSchema): string {
  const rows = [HEADER, ...rowsOf(schema)];
  const widths = HEADER.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const lineOf = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const [header, ...others] = rows.map(lineOf);
  return [header, lineOf(widths.map((width) => "-".repeat(width))), ...others].join("\n");
}

/**
 * A text of docs/generator.md with the table as it should be.
 *
 * @throws {Error} if the text has no table of these columns
 */
export function withOptions(page: string): string {
  const table = /^\| key +\| default +\| what it is +\|\n(?:\|.*(?:\n|$))+/m;
  if (!table.test(page)) throw new Error("Internal: docs/generator.md has no table of options");
  return page.replace(table, () => `${tableOf(generatorSchema)}\n`);
}

if (import.meta.main) {
  await Deno.writeTextFile(PAGE, withOptions(await Deno.readTextFile(PAGE)));
}
