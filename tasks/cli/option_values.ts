/**
 * Options as texts and as the values that their schemas describe.
 *
 * @module
 */
import { optionName } from "../../core/schema/option_name.ts";
import type { ObjectSchema, PropertySchema } from "../../core/schema/schema.ts";

/** `batchSize` as it is written on a command line: `batch-size`. */
export function kebab(name: string): string {
  return optionName(name).slice(2);
}

/** `batch-size` as schemas and configuration files have it: `batchSize`. */
export function camel(option: string): string {
  return option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The types that a schema allows by name. */
export function typesOf(schema: PropertySchema): readonly string[] {
  return schema.type === undefined ? [] : [schema.type].flat();
}

/** Numbers as people write them: `-4.1`, `.5`, `1e-3`. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema's check names the option and what it should be.
    return text;
  }
}

/**
 * A text of the command line as the type that a schema asks for; it stays a text where it cannot be one, for the check
 * to find. A list of numbers or words may stand without brackets: `120,160`.
 */
export function convertText(text: string, schema: PropertySchema): unknown {
  const wanted = typesOf(schema);
  if (wanted.includes("array") && !text.startsWith("[")) {
    const items = schema["items"] as PropertySchema | undefined;
    const isPlain = typesOf(items ?? {}).some((type) => type !== "object" && type !== "array");
    if (isPlain) {
      const parts = text === "" ? [] : text.split(",").map((part) => convertText(part, items!));
      // A text that may be a word as well is a list where all of it are numbers.
      const areNumbers = parts.length > 0 && parts.every((part) => typeof part === "number");
      if (areNumbers || !wanted.includes("string")) return parts;
    }
  }
  const isStructured = wanted.includes("array") || wanted.includes("object");
  if (wanted.includes("string") && !(isStructured && /^[[{]/.test(text))) return text;
  if (schema.enum?.includes(text)) return text;
  const isNumeric = wanted.length === 0 || wanted.includes("number") || wanted.includes("integer");
  if (isNumeric && NUMBER.test(text)) return Number(text);
  return parseJson(text);
}

/** The values of the keys of a keyed option, by the names that its schema has for them. */
export function convertEntries(
  entries: Readonly<Record<string, string>>,
  schema: PropertySchema,
): Record<string, unknown> {
  const { properties = {} } = schema as unknown as Partial<ObjectSchema>;
  return Object.fromEntries(
    Object.entries(entries).map(([option, text]) => {
      const name = camel(option);
      return [name, convertText(text, properties[name] ?? {})];
    }),
  );
}
