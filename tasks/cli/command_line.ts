/**
 * Command lines from schemas: options, their help and their checks come from one description.
 *
 * @module
 */
import { GenviewTypeError, isGenviewError } from "../../core/errors/mod.ts";
import { parseArgs } from "@std/cli/parse-args";
import type { ObjectSchema, PropertySchema, ValuesOf } from "../../core/schema/schema.ts";
import { validate } from "../../core/schema/validate.ts";

/** A deno task. */
export interface Command<Options extends ObjectSchema = ObjectSchema> {
  /** Name under `deno task`. */
  readonly name: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** What stands behind the options, such as `RUN`; none when left out. */
  readonly positional?: string;
  /** Examples, each with what it does. */
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  /** Its options; camelCase names become `--kebab-case`. */
  readonly options: Options;
}

/** A command line that was understood. */
export interface Parsed<Options extends ObjectSchema = ObjectSchema> {
  /** The options that were given, by their names in the schema. */
  readonly given: Partial<ValuesOf<Options>>;
  /** Those and the defaults of all others. */
  readonly values: ValuesOf<Options>;
  readonly positional: readonly string[];
}

/** A description of a task, from whose schema the types of its options follow. */
export function command<const Options extends ObjectSchema>(
  description: Command<Options>,
): Command<Options> {
  return description;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function types(schema: PropertySchema): readonly string[] {
  return schema.type === undefined ? [] : [schema.type].flat();
}

function placeholder(schema: PropertySchema): string {
  if (schema.enum !== undefined) return ` ${schema.enum.filter((each) => each !== "").join("|")}`;
  if (types(schema).includes("boolean")) return "";
  if (types(schema).includes("string")) return " TEXT";
  return types(schema).some((type) => type === "array" || type === "object") ? " JSON" : " NUMBER";
}

function wrap(text: string, width: number, indent: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join(`\n${indent}`);
}

/** The text that `--help` prints. */
export function helpText(command: Command): string {
  const rows = Object.entries(command.options.properties).map(([name, schema]) => {
    const fallback = schema.default === undefined || schema.default === "" ||
        schema.default === false
      ? ""
      : ` (default ${
        typeof schema.default === "string" ? schema.default : JSON.stringify(schema.default)
      })`;
    return [`--${kebab(name)}${placeholder(schema)}`, `${schema.description ?? ""}${fallback}`];
  });
  rows.push(["--help", "print this text"]);
  const examples = command.examples.map(({ command: line, does }) => `  ${line}\n      ${does}`);
  const options = rows.map(([option, text]) =>
    `  ${option!.padEnd(28)}${option!.length > 27 ? "\n" + " ".repeat(30) : ""}${
      wrap(text!, 66, " ".repeat(30))
    }`
  );
  return [
    wrap(command.summary, 96, ""),
    "",
    `Usage: deno task ${command.name} [options]${
      command.positional ? ` ${command.positional}` : ""
    }`,
    "",
    "Examples:",
    ...examples,
    "",
    "Options:",
    ...options,
    "",
  ].join("\n");
}

/** A text of the command line as the type that the schema asks for. */
function convert(text: unknown, schema: PropertySchema): unknown {
  if (typeof text !== "string") return text;
  const wanted = types(schema);
  const structured = wanted.includes("array") || wanted.includes("object");
  if (wanted.includes("string") && !(structured && /^[[{]/.test(text))) return text;
  try {
    return JSON.parse(text);
  } catch {
    // The schema's check names the option and what it should be.
    return text;
  }
}

/**
 * Parses a command line, or answers `--help`.
 *
 * @returns undefined if the help was asked for, in which case it has been handed to `print`
 * @throws {TypeError} if an option is unknown or has a wrong value, with all findings
 */
export function parse<Options extends ObjectSchema>(
  command: Command<Options>,
  args: readonly string[],
  print: (text: string) => void = (text) => console.log(text),
): Parsed<Options> | undefined {
  const { properties } = command.options;
  const names = new Map(Object.keys(properties).map((name) => [kebab(name), name]));
  const boolean = [...names].filter(([, name]) => types(properties[name]!).includes("boolean"))
    .map(([option]) => option);
  const string = [...names.keys()].filter((option) => !boolean.includes(option));
  const parsed: Record<string, unknown> & { _: unknown[] } = parseArgs([...args], {
    boolean: [...boolean, "help"],
    string,
    negatable: boolean,
  });
  if (parsed["help"] === true) {
    print(helpText(command));
    return undefined;
  }
  const given: Record<string, unknown> = {};
  for (const [option, value] of Object.entries(parsed)) {
    if (option === "_" || option === "help") continue;
    const name = names.get(option);
    if (name === undefined) given[option] = value;
    else if (mentioned(args, option)) given[name] = convert(value, properties[name]!);
  }
  const values = validate<ValuesOf<Options>>(
    { ...command.options, additionalProperties: false },
    given,
    `run "deno task ${command.name}"`,
    "option",
  );
  const positional = parsed._.map(String);
  if (command.positional === undefined && positional.length > 0) {
    throw new GenviewTypeError(
      `Cannot run "deno task ${command.name}": it takes no arguments beside options, found "${
        positional.join(" ")
      }"`,
    );
  }
  return { given: given as Partial<ValuesOf<Options>>, values, positional };
}

/** Whether an option stands on the command line; a boolean that does not is false all the same. */
function mentioned(args: readonly string[], option: string): boolean {
  return args.some((arg) =>
    arg === `--${option}` || arg === `--no-${option}` || arg.startsWith(`--${option}=`)
  );
}

/**
 * Runs a task's main function. An error that says what cannot be done is printed as it is; any other is a fault of
 * ours and is printed with its stack. Either way the exit code is 1.
 */
export async function runTask(main: (args: readonly string[]) => Promise<void>): Promise<void> {
  try {
    await main(Deno.args);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(isGenviewError(error) ? `error: ${error.message}` : (error as Error).stack);
    Deno.exitCode = 1;
  }
}
