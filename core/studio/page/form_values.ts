/**
 * Values of a form's fields: as text, as what a request carries, and what is wrong with them before the server is asked.
 *
 * @module
 */
import type { FormAnswer, JobRequest, StudioTask } from "../api/actions.ts";
import type { PropertySchema } from "../../schema/schema.ts";

/** How an option is entered. */
export type FieldKind = "choice" | "mark" | "number" | "text" | "list" | "json";

function typesOf({ type }: PropertySchema): readonly string[] {
  return type === undefined ? [] : typeof type === "string" ? [type] : type;
}

/** How an option is entered, by its schema. */
export function fieldKind(schema: PropertySchema): FieldKind {
  const types = typesOf(schema);
  if (schema.enum !== undefined) return "choice";
  if (types.length === 1) {
    if (types[0] === "boolean") return "mark";
    if (types[0] === "integer" || types[0] === "number") return "number";
    if (types[0] === "string") return "text";
    if (types[0] === "array") return isListOfTexts(schema) ? "list" : "json";
    return "json";
  }
  return types.includes("string") ? "text" : "json";
}

function isListOfTexts(schema: PropertySchema): boolean {
  const items = schema["items"] as PropertySchema | undefined;
  return items !== undefined && typesOf(items).every((type) => type === "string") &&
    typesOf(items).length > 0;
}

/** A value as its field shows it. */
export function fieldText(value: unknown, kind: FieldKind): string {
  if (value === undefined) return "";
  if (kind === "list" && Array.isArray(value)) return value.join(", ");
  return typeof value === "string" && kind !== "json" ? value : JSON.stringify(value);
}

/** A field's text that was read: its value, undefined for none, or what is wrong with it. */
export type FieldReading = { readonly value: unknown } | { readonly problem: string };

/** Reads the text of a field; an empty one leaves the option at its default. */
export function readField(text: string, schema: PropertySchema): FieldReading {
  if (text.trim() === "") return { value: undefined };
  const kind = fieldKind(schema);
  if (kind === "number") {
    const value = Number(text);
    return Number.isFinite(value) ? { value } : { problem: "must be a number" };
  }
  if (kind === "choice") {
    const value = schema.enum?.find((each) => fieldText(each, kind) === text);
    return value === undefined ? { problem: "is none of the choices" } : { value };
  }
  if (kind === "list") {
    return { value: text.split(",").map((item) => item.trim()).filter((item) => item !== "") };
  }
  if (kind === "mark") return { value: text === "true" };
  if (kind === "text") return { value: readMixedText(text, schema) };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { problem: 'must be JSON, such as [0.2, 1] or {"size": 96}' };
  }
}

/** A text where other types are allowed, too: JSON of such a type is taken as that. */
function readMixedText(text: string, schema: PropertySchema): unknown {
  if (typesOf(schema).length < 2) return text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? text : value;
  } catch {
    return text;
  }
}

/** What a form holds. */
export interface FormState {
  readonly task: StudioTask;
  /** Words before the options, as one text. */
  readonly positional: string;
  /** Values that differ from the defaults, by option. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Values of the method's own options that differ from its defaults. */
  readonly methodOptions: Readonly<Record<string, unknown>>;
}

/** The words of a text; quotes keep spaces. */
export function wordsOfText(text: string): string[] {
  return (text.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ""));
}

/** Options by their schemas, with what a preset sets as their defaults. */
export function withPreset(
  properties: Readonly<Record<string, PropertySchema>>,
  preset: Readonly<Record<string, unknown>>,
): Readonly<Record<string, PropertySchema>> {
  const changed = Object.entries(properties).map(([name, schema]) =>
    [name, Object.hasOwn(preset, name) ? { ...schema, default: preset[name] } : schema] as const
  );
  return Object.fromEntries(changed);
}

/** The request that a form makes. */
export function requestOf({ task, positional, options, methodOptions }: FormState): JobRequest {
  const words = wordsOfText(positional);
  const hasOwn = Object.keys(methodOptions).length > 0;
  return {
    task,
    ...words.length === 0 ? {} : { positional: words },
    options: hasOwn ? { ...options, options: methodOptions } : options,
  };
}

/** A form's options under the headings of their schema, those without one under `Run`. */
export function groupedOptions(
  form: FormAnswer,
  search: string,
): { readonly group: string; readonly fields: readonly (readonly [string, PropertySchema])[] }[] {
  const small = search.toLowerCase();
  const isFound = ([name, schema]: readonly [string, PropertySchema]): boolean =>
    `${name} ${schema.description ?? ""}`.toLowerCase().includes(small);
  const hidden = ["method", "preset", ...form.methodSchema === undefined ? [] : ["options"]];
  const fields = Object.entries(form.schema.properties)
    .filter(([name]) => form.methods.length === 0 || !hidden.includes(name))
    .filter(isFound);
  const groups = Map.groupBy(fields, ([, schema]) => schema.group ?? "Run");
  // What is trained on is what one says first.
  const isData = (group: string): number => /^(data|images)$/i.test(group) ? 0 : 1;
  return [...groups].map(([group, members]) => ({ group, fields: members }))
    .sort((a, b) => isData(a.group) - isData(b.group));
}

/** The default of an option in words; empty where there is nothing to say. */
export function defaultText(schema: PropertySchema): string {
  const kind = fieldKind(schema);
  if (schema.default === undefined || kind === "mark") return "";
  const text = fieldText(schema.default, kind);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
