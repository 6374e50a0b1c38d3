/**
 * Command lines from schemas: options, their help and their checks come from one description.
 *
 * @module
 */
import { GenviewTypeError } from "../../core/errors/mod.ts";
import type { ObjectSchema, PropertySchema, ValuesOf } from "../../core/schema/schema.ts";
import { type NameOfValue, validate } from "../../core/schema/validate.ts";
import { type Arguments, readArguments } from "./arguments.ts";
import { errorText } from "./error_text.ts";
import { helpText } from "./help_text.ts";
import { convertEntries, convertText, kebab, typesOf } from "./option_values.ts";
import { bold, isColorful, textColumns } from "./text_layout.ts";

/** A deno task. */
export interface Command<Options extends ObjectSchema = ObjectSchema> {
  /** Name under `deno task`. */
  readonly name: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** What stands behind the options, such as `RUN`; none when left out. */
  readonly positional?: string;
  /** Examples, each with what it does; commands are written as `deno task NAME …`. */
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

/** Options and arguments of a command line, with their values as texts. */
export function argumentsOf(command: Command, args: readonly string[]): Arguments {
  const properties = Object.entries(command.options.properties);
  const isListOfTexts = ({ type, items }: PropertySchema) =>
    type === "array" && (items as PropertySchema | undefined)?.type === "string";
  const isSwitch = (schema: PropertySchema) => typesOf(schema).includes("boolean");
  return readArguments(args, {
    switches: properties.filter(([, schema]) => isSwitch(schema)).map(([name]) => kebab(name)),
    valued: properties.filter(([, schema]) => !isSwitch(schema)).map(([name]) => kebab(name)),
    listed: properties.filter(([, schema]) => isListOfTexts(schema)).map(([name]) => kebab(name)),
    keyed: properties.flatMap(([, { entry }]) => entry ?? []),
  }, actionOf(command));
}

function actionOf({ name }: Command): string {
  return `run "deno task ${name}"`;
}

/** An option that must not be empty, because an empty text is not what it is when it is left out. */
function refuseEmpty(command: Command, option: string, { default: value }: PropertySchema): void {
  if (value === "") return;
  throw new GenviewTypeError(`Cannot ${actionOf(command)}: --${option} must not be empty`);
}

/** The value of an option and those of its keys, each given once; a value that is no object is left for the check. */
function withEntries(
  command: Command,
  [option, value]: readonly [name: string, value: unknown],
  [entry, keys]: readonly [name: string, values: Readonly<Record<string, unknown>>],
): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const twice = Object.keys(keys).find((key) => Object.hasOwn(value, key));
  if (twice === undefined) return { ...value, ...keys };
  throw new GenviewTypeError(
    `Cannot ${actionOf(command)}: "${twice}" must be given once, found it in --${option} and as ` +
      `--${entry}.${kebab(twice)}`,
  );
}

/** The options that were given, as the types that the schema asks for. */
function givenOptions(command: Command, { options, entries }: Arguments): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(command.options.properties)) {
    const option = kebab(name);
    const value = options[option];
    if (value === "" && typesOf(schema).includes("string")) refuseEmpty(command, option, schema);
    if (value !== undefined) {
      given[name] = typeof value === "boolean" ? value : convertText(value, schema);
    }
    const keys = schema.entry === undefined ? undefined : entries[schema.entry];
    if (keys !== undefined) {
      const converted = convertEntries(keys, schema);
      given[name] = name in given
        ? withEntries(command, [option, given[name]], [schema.entry!, converted])
        : converted;
    }
  }
  return given;
}

/** Values as they are named on the command line: `--batch-size`, `--option.width`. */
function optionNames({ options: { properties } }: Command): NameOfValue {
  return ([name, key, ...rest]) => {
    const entry = properties[name!]?.entry;
    const first = key !== undefined && entry !== undefined
      ? `--${entry}.${kebab(key)}`
      : [`--${kebab(name!)}`, ...(key === undefined ? [] : [key])].join(".");
    return [first, ...rest].join(".");
  };
}

/**
 * Parses a command line, or answers `--help`.
 *
 * @param print prints the help; by default to standard output
 * @returns undefined if the help was asked for, in which case it has been handed to `print`
 * @throws {TypeError} if an option is unknown or has a wrong value, with all findings
 */
export function parse<Options extends ObjectSchema>(
  command: Command<Options>,
  args: readonly string[],
  print: (text: string) => void = (text) => console.log(text),
): Parsed<Options> | undefined {
  const read = argumentsOf(command, args);
  if (read.help) {
    const heading = isColorful(Deno.stdout) ? bold : (text: string) => text;
    print(helpText(command, { columns: textColumns(), heading }));
    return undefined;
  }
  const given = givenOptions(command, read);
  const values = validate<ValuesOf<Options>>(
    { ...command.options, additionalProperties: false },
    given,
    actionOf(command),
    optionNames(command),
  );
  const { positional } = read;
  if (command.positional === undefined && positional.length > 0) {
    throw new GenviewTypeError(
      `Cannot ${actionOf(command)}: it takes no arguments beside options, found "${
        positional.join(" ")
      }"`,
    );
  }
  return { given: given as Partial<ValuesOf<Options>>, values, positional };
}

/**
 * Runs a task's main function. An error that says what cannot be done is printed in one line; any other is a bug and is
 * printed with its stack. Either way the exit code is 1.
 */
export async function runTask(
  main: (args: readonly string[]) => Promise<void>,
  args: readonly string[] = Deno.args,
): Promise<void> {
  try {
    await main(args);
  } catch (error) {
    const text = errorText(error);
    if (text !== undefined) console.error(text);
    Deno.exitCode = 1;
  }
}
