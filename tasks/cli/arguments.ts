/**
 * What stands on a command line, before the values of its options are checked.
 *
 * @module
 */
import { GenviewTypeError } from "../../core/errors/mod.ts";
import { nearestName } from "../../core/schema/nearest_name.ts";
import { parseArgs } from "../../support/std/parse_args.ts";
import { camel } from "./option_values.ts";

/** The options that a command has, by their names without hyphens. */
export interface DeclaredOptions {
  /** Those that are on or off. */
  readonly switches: readonly string[];
  /** Those that take a value. */
  readonly valued: readonly string[];
  /** Those of them that may be given several times: the values make one list. */
  readonly listed: readonly string[];
  /** Those that take a value for each of several keys, as `--NAME.KEY VALUE`. */
  readonly keyed: readonly string[];
}

/** Options and arguments of a command line. */
export interface Arguments {
  /** Values of the options that were given: a text, or whether a switch is on. */
  readonly options: Readonly<Record<string, string | boolean>>;
  /** Values of keyed options: by option, and then by key. */
  readonly entries: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly positional: readonly string[];
  /** Whether `--help` or `-h` was given. */
  readonly help: boolean;
}

/** Negative numbers and a lone hyphen are values; everything else that begins with a hyphen is an option. */
function isOption(arg: string): boolean {
  return /^-(?!(\d|\.\d|$))/.test(arg);
}

/** Takes the options of a command line apart, so that each has its value in the same argument. */
class Reader {
  /** Arguments in the form `--NAME=VALUE`, `--NAME` and `--no-NAME`, which leave nothing to guess. */
  readonly plain: string[] = [];
  readonly entries: Record<string, Record<string, string>> = {};
  readonly #declared: DeclaredOptions;
  readonly #action: string;
  /** Options that were given, each with how it was. */
  readonly #given = new Map<string, string>();

  constructor(declared: DeclaredOptions, action: string) {
    this.#declared = declared;
    this.#action = action;
  }

  /** Takes one argument, and the one after it where that is its value; whether it was. */
  take(arg: string, next: string | undefined): boolean {
    if (arg === "-h" || arg === "--help") this.plain.push("--help");
    else if (!isOption(arg)) this.plain.push(arg);
    else return this.#takeOption(arg, next);
    return false;
  }

  #takeOption(arg: string, next: string | undefined): boolean {
    const [, name, inline] = /^--?([^=]*)(?:=(.*))?$/s.exec(arg)!;
    const { switches, valued, keyed } = this.#declared;
    const negated = name!.startsWith("no-") ? name!.slice(3) : undefined;
    const [option, key] = split(name!);
    if (!arg.startsWith("--")) this.#refuseUnknown(arg, name!);
    else if (switches.includes(name!)) {
      const isSpelled = inline === undefined && (next === "true" || next === "false");
      this.#addSwitch(name!, isSpelled ? next : inline, isSpelled ? `${arg} ${next}` : arg);
      return isSpelled;
    } else if (negated !== undefined && switches.includes(negated) && inline === undefined) {
      this.#addSwitch(negated, "false", arg);
    } else if (valued.includes(name!) || (key !== undefined && keyed.includes(option))) {
      const value = inline ?? this.#valueOf(name!, next);
      if (key === undefined && this.#declared.listed.includes(name!)) this.#addListed(name!, value);
      else this.#note(name!, value);
      if (key === undefined) this.plain.push(`--${name}=${this.#given.get(camel(name!))}`);
      else (this.entries[option] ??= {})[key] = value;
      return inline === undefined;
    } else this.#refuseUnknown(arg, name!);
    return false;
  }

  #addSwitch(name: string, inline: string | undefined, arg: string): void {
    const value = inline ?? "true";
    if (value !== "true" && value !== "false") {
      this.#refuse(`--${name} must be true or false, found "${value}"`);
    }
    this.#note(name, arg);
    this.plain.push(value === "true" ? `--${name}` : `--no-${name}`);
  }

  #addListed(name: string, value: string): void {
    const before = this.#given.get(camel(name));
    this.#given.set(camel(name), before === undefined ? value : `${before},${value}`);
  }

  #valueOf(name: string, next: string | undefined): string {
    if (next === undefined) this.#refuse(`--${name} needs a value, found none`);
    if (isOption(next)) {
      this.#refuse(
        `--${name} needs a value, found ${next}; a value that begins with a hyphen is written --${name}=${next}`,
      );
    }
    return next;
  }

  #note(name: string, value: string): void {
    // A key of a keyed option may be written either way.
    const spelled = camel(name);
    const before = this.#given.get(spelled);
    if (before !== undefined) {
      this.#refuse(`--${name} must be given once, found "${before}" and "${value}"`);
    }
    this.#given.set(spelled, value);
  }

  #refuseUnknown(arg: string, name: string): never {
    const { switches, valued, keyed } = this.#declared;
    const known = [
      ...switches.flatMap((each) => [each, `no-${each}`]),
      ...valued,
      ...keyed.map((each) => `${each}.NAME`),
      "help",
    ];
    const option = arg.split("=")[0];
    this.#refuse(`${option} is not known: did you mean "--${nearestName(name, known)}"?`);
  }

  #refuse(reason: string): never {
    throw new GenviewTypeError(`Cannot ${this.#action}: ${reason}`);
  }
}

/** `option.width` as `option` and `width`. */
function split(name: string): readonly [string, string?] {
  const dot = name.indexOf(".");
  return dot < 0 ? [name] : [name.slice(0, dot), name.slice(dot + 1)];
}

/**
 * Reads a command line.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readArguments } from "./arguments.ts";
 *
 * const declared = { switches: ["fast"], valued: ["offset"], listed: [], keyed: ["option"] };
 * const { options, entries, positional } = readArguments(
 *   ["--offset", "-4.1", "--no-fast", "--option.width", "8", "photos"],
 *   declared,
 *   "run",
 * );
 * assertEquals(options, { offset: "-4.1", fast: false });
 * assertEquals(entries, { option: { width: "8" } });
 * assertEquals(positional, ["photos"]);
 * ```
 *
 * @param action what cannot be done with a wrong command line, for errors
 * @throws {TypeError} if an option is unknown, is given twice, or has no value where it needs one
 */
export function readArguments(
  args: readonly string[],
  declared: DeclaredOptions,
  action: string,
): Arguments {
  const reader = new Reader(declared, action);
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  for (let i = 0; i < end; i++) {
    if (reader.take(args[i]!, i + 1 < end ? args[i + 1] : undefined)) i++;
  }
  const switches = [...declared.switches];
  const { _: positional, help, ...options } = parseArgs([...reader.plain, ...args.slice(end)], {
    boolean: [...switches, "help"],
    string: [...declared.valued, "_"],
    negatable: switches,
  }) as Record<string, string | boolean> & { _: string[]; help: boolean };
  // A switch that was not given is false in what parseArgs gives; whether it was decides about its default.
  const given = Object.entries(options).filter(([name]) =>
    !switches.includes(name) ||
    reader.plain.some((arg) => arg === `--${name}` || arg === `--no-${name}`)
  );
  return { options: Object.fromEntries(given), entries: reader.entries, positional, help };
}
