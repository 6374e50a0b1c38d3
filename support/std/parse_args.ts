/**
 * What this project uses of `@std/cli/parse-args`, over `node:util`, for machines that cannot reach its registry.
 * Names, types and results are the real package's, so that pointing the import map at `jsr:@std/cli` is all it
 * takes. Two of its forms are rejected rather than read otherwise: dotted names (`--a.b`) and letters in one
 * argument (`-abc`, `-n5`).
 *
 * @module
 */
import { parseArgs as tokenize } from "node:util";

type Names<N extends string | undefined> = N | readonly Extract<N, string>[];

/** Options of {@linkcode parseArgs}. */
export interface ParseOptions<
  B extends string | undefined = string | undefined,
  S extends string | undefined = string | undefined,
  C extends string | undefined = string | undefined,
  N extends string | undefined = string | undefined,
  D extends Record<string, unknown> | undefined = Record<string, unknown> | undefined,
  P extends boolean | undefined = boolean | undefined,
> {
  /** Whether what follows `--` is kept apart, under that name, rather than in `_`. */
  "--"?: P;
  /** Other names of an option. */
  alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Options that are true or false, and false unless given. */
  boolean?: Names<B>;
  /** Values of options that are not given. */
  default?: D;
  /** Whether everything after the first argument that is no option is left as it is. */
  stopEarly?: boolean;
  /** Options whose values stay texts, even those that look like numbers. */
  string?: Names<S>;
  /** Options that may be given more than once and become lists. */
  collect?: Names<C>;
  /** Options that `--no-NAME` sets to false. */
  negatable?: Names<N>;
  /** Called with each argument that no option above declares; drops it by returning false. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

type Listed<K, C, Item> = K extends C ? Item[] : Item;
type Negated<K, N> = K extends N ? false : never;
type Optional<S, B, C> = Exclude<S, B | C | "_" | undefined>;

type Given<K, B, S, C, N> = K extends B ? Listed<K, C, boolean>
  : K extends S ? Listed<K, C, string> | Negated<K, N>
  : K extends C ? unknown[] | Negated<K, N>
  : never;

type WithDefaults<T, D> = D extends Record<string, unknown> ?
    & Omit<T, keyof D>
    & { [K in keyof D]: K extends keyof T ? D[K] | NonNullable<T[K]> : unknown }
  : T;

type Values<B, S, C, N> =
  & { [K in Exclude<B | Extract<S, C> | C, undefined> & string]: Given<K, B, S, C, N> }
  & { [K in Optional<S, B, C> & string]?: Given<K, B, S, C, N> };

/** What {@linkcode parseArgs} finds: options by name, and the rest in `_`. */
export type Args<B, S, C, N, D, P> =
  & Record<string, unknown>
  & WithDefaults<Values<B, S, C, N>, D>
  & { _: (string | number)[] }
  & (P extends true ? { "--": string[] } : unknown);

function listOf(names: boolean | string | readonly string[] | undefined): readonly string[] {
  if (typeof names === "boolean") {
    throw new TypeError(`Cannot parse arguments: boolean must be a list of names, found ${names}`);
  }
  return typeof names === "string" ? [names] : names ?? [];
}

/** Each name and alias with all the others that mean the same. */
function aliasesOf(alias: ParseOptions["alias"] = {}): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const [key, value] of Object.entries(alias)) {
    const all = [key, ...listOf(value)];
    for (const name of all) result.set(name, all.filter((other) => other !== name));
  }
  return result;
}

function checkKey(key: string, arg: string): void {
  if (key.includes(".")) {
    throw new TypeError(`Cannot parse "${arg}": a name must be without dots, found "${key}"`);
  }
}

function numberOrText(text: string): string | number {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

interface Declared {
  readonly aliases: Map<string, string[]>;
  readonly booleans: ReadonlySet<string>;
  readonly strings: ReadonlySet<string>;
  readonly collected: ReadonlySet<string>;
  readonly negatable: ReadonlySet<string>;
}

function declare(options: ParseOptions): Declared {
  const aliases = aliasesOf(options.alias);
  function withAliases(names: string | readonly string[] | undefined): Set<string> {
    return new Set(listOf(names).flatMap((name) => [name, ...(aliases.get(name) ?? [])]));
  }
  const declared = {
    aliases,
    booleans: withAliases(options.boolean),
    strings: withAliases(options.string),
    collected: withAliases(options.collect),
    negatable: withAliases(options.negatable),
  };
  const defaults = Object.keys(options.default ?? {});
  const { booleans, strings, collected, negatable } = declared;
  for (const key of [...aliases.keys(), ...booleans, ...strings, ...collected, ...negatable]) {
    checkKey(key, key);
  }
  for (const key of defaults) checkKey(key, key);
  return declared;
}

/** Collects the values of options under their names and aliases. */
class Result {
  readonly values: Record<string, unknown> & { _: (string | number)[] } = { _: [] };
  readonly #declared: Declared;
  readonly #unknown: ParseOptions["unknown"];

  constructor(declared: Declared, unknown: ParseOptions["unknown"]) {
    this.#declared = declared;
    this.#unknown = unknown;
  }

  #isDeclared(key: string): boolean {
    const { aliases, booleans, strings, collected } = this.#declared;
    return [aliases, booleans, strings, collected].some((names) => names.has(key));
  }

  #put(key: string, value: unknown, collect: boolean): void {
    if (key === "__proto__") return;
    const before = Object.hasOwn(this.values, key) ? this.values[key] : undefined;
    if (!collect) this.values[key] = value;
    else if (Array.isArray(before)) before.push(value);
    else this.values[key] = before ? [before, value] : [value];
  }

  set(key: string, value: string | boolean, arg: string, collect = true): void {
    const { aliases, strings, collected } = this.#declared;
    checkKey(key, arg);
    if (!this.#isDeclared(key) && this.#unknown?.(arg, key, value) === false) return;
    const typed = typeof value === "string" && !strings.has(key) ? numberOrText(value) : value;
    for (const name of [key, ...(aliases.get(key) ?? [])]) {
      this.#put(name, typed, collect && collected.has(key));
    }
  }

  addPositional(arg: string): void {
    if (this.#unknown?.(arg) === false) return;
    this.values._.push(this.#declared.strings.has("_") ? arg : numberOrText(arg));
  }

  fillIn(defaults: Readonly<Record<string, unknown>>): void {
    const { aliases, booleans, strings, collected } = this.#declared;
    const isFree = (key: string) => !Object.hasOwn(this.values, key);
    for (const [key, value] of Object.entries(defaults).filter(([key]) => isFree(key))) {
      for (const name of [key, ...(aliases.get(key) ?? [])]) this.#put(name, value, false);
    }
    for (const key of booleans) {
      if (isFree(key)) this.#put(key, collected.has(key) ? [] : false, false);
    }
    for (const key of strings) {
      if (isFree(key) && collected.has(key)) this.#put(key, [], false);
    }
  }
}

type Token = NonNullable<
  ReturnType<typeof tokenize<{ strict: false; tokens: true; options: Record<string, never> }>>[
    "tokens"
  ]
>[number];

type OptionToken = Extract<Token, { kind: "option" }>;

/** Puts one option into the result; whether it took the argument after it as its value. */
function takeOption(token: OptionToken, next: string, declared: Declared, into: Result): boolean {
  const { name, rawName, value } = token;
  const isLong = rawName.startsWith("--");
  if (isLong && value !== undefined) {
    const key = name.replace(/^no-/, "");
    const isFlag = declared.booleans.has(key);
    into.set(key, isFlag ? value !== "false" : value, `${rawName}=${value}`);
    return false;
  }
  const positive = isLong && name.startsWith("no-") ? name.slice(3) : undefined;
  if (positive !== undefined && declared.negatable.has(positive)) {
    into.set(positive, false, rawName, false);
    return false;
  }
  const isFlag = declared.booleans.has(name);
  // A lone hyphen follows a letter as its value, but not a long name.
  if (next !== "" && !(isLong && next === "-") && !isFlag) {
    into.set(name, next, rawName);
    return true;
  }
  const isSpelled = next === "true" || next === "false";
  const isText = declared.strings.has(name);
  into.set(name, isSpelled ? next === "true" : isText ? "" : true, rawName);
  return isSpelled;
}

/**
 * Reads command line arguments, as the real package does: values that look like numbers become numbers unless
 * their option is declared `string` or `boolean`, and the last of repeated options counts unless it is collected.
 *
 * @throws {TypeError} at a form of the real package that is not supported here
 */
export function parseArgs<
  B extends string | undefined = undefined,
  S extends string | undefined = undefined,
  C extends string | undefined = undefined,
  N extends string | undefined = undefined,
  D extends Record<string, unknown> | undefined = undefined,
  P extends boolean | undefined = undefined,
>(args: readonly string[], options: ParseOptions<B, S, C, N, D, P> = {}): Args<B, S, C, N, D, P> {
  const declared = declare(options as ParseOptions);
  const result = new Result(declared, options.unknown);
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const rest = args.slice(end + 1);
  const parsed = args.slice(0, end);
  const { tokens } = tokenize({ args: parsed, strict: false, tokens: true, options: {} });
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    const next = tokens[i + 1];
    if (token.kind === "option") {
      if (
        next?.index === token.index || (token.value !== undefined && /^-[^-]/.test(token.rawName))
      ) {
        throw new TypeError(
          `Cannot parse "${
            parsed[token.index]
          }": letters must stand alone, like "${token.rawName} …"`,
        );
      }
      const follower = next?.kind === "positional" ? next.value : "";
      if (takeOption(token, follower, declared, result)) i++;
    } else if (token.kind === "positional") {
      result.addPositional(token.value);
      if (!options.stopEarly) continue;
      result.values._.push(...parsed.slice(token.index + 1));
      break;
    }
  }
  result.fillIn(options.default ?? {});
  if (options["--"]) result.values["--"] = rest;
  else result.values._.push(...rest);
  return result.values as Args<B, S, C, N, D, P>;
}
