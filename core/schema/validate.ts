/**
 * Checks of data from outside against JSON Schemas, all findings in one error.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { Ajv, type ErrorObject, type ValidateFunction } from "../deps/ajv.ts";
import { nearestName } from "./nearest_name.ts";

/** Keywords of ours, which say nothing of which values are allowed. */
const OWN_KEYWORDS = ["group", "affects", "suggestions", "entry"];

/** How a value is called in an error, by the keys that lead to it. */
export type NameOfValue = (path: readonly string[]) => string;

/** Most characters of a value that an error shows. */
const SHOWN = 80;

/** A value that was found, for an error: as JSON, but with the numbers that JSON has not, and cut where it is long. */
export function formatFound(found: unknown): string {
  const text = typeof found === "number" ? String(found) : `${JSON.stringify(found)}`;
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

function pathOf({ instancePath }: ErrorObject): string[] {
  const keys = instancePath.split("/").slice(1);
  return keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function describe(error: ErrorObject, root: string | NameOfValue, data: unknown): string {
  const path = pathOf(error);
  const nameOf = typeof root === "string"
    ? (keys: readonly string[]) => [root, ...keys].join(".")
    : root;
  if (error.keyword === "additionalProperties") {
    const wrong = String(error.params["additionalProperty"]);
    const known = Object.keys((error.parentSchema?.["properties"] ?? {}) as object);
    const nearest = nearestName(wrong, known);
    const called = (name: string) => typeof root === "string" ? name : nameOf([...path, name]);
    return `${nameOf([...path, wrong])} is not known` +
      (nearest === undefined
        ? `: use one of ${known.map(called).join(", ")}`
        : `: did you mean "${called(nearest)}"?`);
  }
  if (error.keyword === "required" && typeof root !== "string") {
    return `${nameOf([...path, String(error.params["missingProperty"])])} must be given`;
  }
  const found = path.reduce<unknown>(
    (at, key) => (at as Record<string, unknown> | undefined)?.[key],
    data,
  );
  const allowed = error.keyword === "enum"
    ? ` ${(error.params["allowedValues"] as unknown[]).join(", ")}`
    : "";
  const value = error.keyword === "required" ? "" : `, found ${formatFound(found)}`;
  return `${nameOf(path)} ${error.message}${allowed}${value}`;
}

/** Something of data that does not meet a schema. */
export interface Finding {
  /** The keys that lead to it. */
  readonly path: readonly string[];
  /** What is wrong, such as `options.steps must be >= 1, found 0`. */
  readonly text: string;
}

/** What an error is about, which may be a member that is missing or too many. */
function concerned(error: ErrorObject): string[] {
  const { additionalProperty, missingProperty } = error.params as Readonly<Record<string, unknown>>;
  const member = additionalProperty ?? missingProperty;
  return [...pathOf(error), ...(typeof member === "string" ? [member] : [])];
}

/** A copy of plain data; objects inside objects are copied as deep as the stack allows. */
function copyOf(data: unknown, action: string): unknown {
  try {
    return structuredClone(data);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new GenviewRangeError(`Cannot ${action}: its lists and objects are nested too deeply`, {
      cause,
    });
  }
}

/** Checks by their schemas: compiling one takes some 20 ms. */
const checks = new WeakMap<object, ValidateFunction>();

/** One for all schemas: each of its own would take some 10 MB. */
let shared: Ajv | undefined;

function validator(): Ajv {
  if (shared !== undefined) return shared;
  shared = new Ajv({
    ...{ allErrors: true, useDefaults: true, verbose: true, allowUnionTypes: true },
    // Two schemas may have one `$id`, such as those of a method that is loaded twice.
    addUsedSchema: false,
  });
  for (const keyword of OWN_KEYWORDS) shared.addKeyword(keyword);
  return shared;
}

function compiled(schema: object): ValidateFunction {
  const known = checks.get(schema);
  if (known) return known;
  const check = validator().compile(schema);
  checks.set(schema, check);
  return check;
}

/**
 * What of data does not meet a schema, each with what it concerns; none if all does. Defaults are filled in where they are
 * missing, in the data itself.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { locatedFindings } from "./validate.ts";
 *
 * const schema = { type: "object", properties: { steps: { type: "integer", minimum: 1 } } };
 * assertEquals(locatedFindings(schema, { steps: 0 }, "options"), [
 *   { path: ["steps"], text: "options.steps must be >= 1, found 0" },
 * ]);
 * ```
 *
 * @param root how the data is called, such as `options`, or how each value in it is
 */
export function locatedFindings(
  schema: object,
  data: unknown,
  root: string | NameOfValue,
): Finding[] {
  const check = compiled(schema);
  if (check(data)) return [];
  const found = (check.errors ?? []).map((error) => ({
    path: concerned(error),
    text: describe(error, root, data),
  }));
  return found.filter(({ text }, i) => found.findIndex((other) => other.text === text) === i);
}

/**
 * What of data does not meet a schema, each finding in words such as `options.steps must be >= 1, found 0`; none if all
 * does. Defaults are filled in where they are missing, in the data itself.
 *
 * @param root how the data is called, such as `options`, or how each value in it is
 */
export function findingsOf(schema: object, data: unknown, root: string | NameOfValue): string[] {
  return locatedFindings(schema, data, root).map(({ text }) => text);
}

/**
 * A copy of data with a schema's defaults filled in.
 *
 * @param action what cannot be done with wrong data, such as `load plugin "x"`
 * @param root how the data is called in the error, such as `options`, or how each value in it is
 * @throws {TypeError} if the data does not meet the schema, with all findings
 * @throws {RangeError} if it is nested too deeply to be copied
 */
export function validate<T>(
  schema: object,
  data: unknown,
  action: string,
  root: string | NameOfValue,
): T {
  const copy = copyOf(data, action);
  const check = compiled(schema);
  if (check(copy)) return copy as T;
  const findings = (check.errors ?? []).map((error) => describe(error, root, data));
  throw new GenviewTypeError(`Cannot ${action}: ${[...new Set(findings)].join("; ")}`);
}
