/**
 * The JSON files in which a published network says what it is made of.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { readPythonJson } from "../files/python_json.ts";

/** An entry as errors show it. */
function formatEntry(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value) ?? "nothing";
}

/** Entries of a configuration, read one by one with their types checked. */
export class ConfigFile {
  /** Where it lies. */
  readonly path: string;
  readonly #entries: Readonly<Record<string, unknown>>;

  /**
   * Holds entries that have been read.
   *
   * @param path what errors call it
   * @param entries the parsed object
   */
  constructor(path: string, entries: Readonly<Record<string, unknown>>) {
    this.path = path;
    this.#entries = entries;
  }

  /**
   * Reads a file.
   *
   * @throws {SyntaxError} if it is not a JSON object
   */
  static async read(path: string): Promise<ConfigFile> {
    const parsed = await readPythonJson(path);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      throw new GenviewSyntaxError(`Cannot read ${path}: it must hold a JSON object`);
    }
    return new ConfigFile(path, parsed as Record<string, unknown>);
  }

  /**
   * The object of a key, whose errors name it.
   *
   * @throws {TypeError} if the key has no object
   */
  object(key: string): ConfigFile {
    const suits = (value: unknown): value is Readonly<Record<string, unknown>> =>
      typeof value === "object" && value !== null && !Array.isArray(value);
    return new ConfigFile(this.path, this.#typed(key, suits, "an object", undefined));
  }

  /** The value of a key as it stands, undefined if it is left out. */
  get(key: string): unknown {
    return this.#entries[key];
  }

  #fail(key: string, rule: string): never {
    const found = formatEntry(this.#entries[key]);
    throw new GenviewTypeError(`Cannot use ${this.path}: "${key}" must be ${rule}, found ${found}`);
  }

  #typed<T>(
    key: string,
    suits: (value: unknown) => value is T,
    rule: string,
    fallback: T | undefined,
  ): T {
    const value = this.#entries[key];
    if (value === undefined && fallback !== undefined) return fallback;
    return suits(value) ? value : this.#fail(key, rule);
  }

  /** A number; the fallback where the key is left out. */
  number(key: string, fallback?: number): number {
    const suits = (value: unknown) => typeof value === "number" && Number.isFinite(value);
    return this.#typed(key, suits as (value: unknown) => value is number, "a number", fallback);
  }

  /** An integer of at least 0; the fallback where the key is left out. */
  integer(key: string, fallback?: number): number {
    const suits = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
    const rule = "an integer of at least 0";
    return this.#typed(key, suits as (value: unknown) => value is number, rule, fallback);
  }

  /** True or false; the fallback where the key is left out. */
  boolean(key: string, fallback?: boolean): boolean {
    const suits = (value: unknown) => typeof value === "boolean";
    return this.#typed(key, suits, "true or false", fallback);
  }

  /** One of some texts; the fallback where the key is left out. */
  oneOf<const T extends string>(key: string, known: readonly T[], fallback?: T): T {
    const suits = (value: unknown): value is T => known.includes(value as T);
    return this.#typed(key, suits, `one of ${known.join(", ")}`, fallback);
  }

  /** A list of positive integers. */
  integers(key: string): readonly number[] {
    const suits = (value: unknown): value is readonly number[] =>
      Array.isArray(value) && value.length > 0 &&
      value.every((item) => Number.isSafeInteger(item) && item > 0);
    return this.#typed(key, suits, "a list of positive integers", undefined);
  }

  /** Three numbers, one for each channel; the fallback where the key is left out. */
  channels(
    key: string,
    fallback: readonly [number, number, number],
  ): readonly [number, number, number] {
    const suits = (value: unknown): value is readonly [number, number, number] =>
      Array.isArray(value) && value.length === 3 && value.every(Number.isFinite);
    return this.#typed(key, suits, "three numbers", fallback);
  }

  /** A list of some texts. */
  listOf<const T extends string>(key: string, known: readonly T[]): readonly T[] {
    const suits = (value: unknown): value is readonly T[] =>
      Array.isArray(value) && value.length > 0 && value.every((item) => known.includes(item));
    return this.#typed(key, suits, `a list of ${known.join(", ")}`, undefined);
  }

  /**
   * Requires a value of a key.
   *
   * @throws {TypeError} unless the key has this value
   */
  require(key: string, value: unknown): void {
    if (this.#entries[key] !== value) this.#fail(key, JSON.stringify(value));
  }

  /**
   * Requires a value of a key that may be left out.
   *
   * @throws {TypeError} unless the key has this value, null or none
   */
  requireDefault(key: string, value: unknown): void {
    const found = this.#entries[key];
    if (found !== undefined && found !== null && found !== value) {
      this.#fail(key, `${formatEntry(value)} or left out`);
    }
  }
}
