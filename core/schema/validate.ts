/**
 * Checks of data from outside against JSON Schemas, all findings in one error.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { Ajv, type ErrorObject } from "../deps/ajv.ts";
import { nearestName } from "./nearest_name.ts";

/** A JSON Schema of an object whose properties have defaults. */
export interface ObjectSchema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, PropertySchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

/** A JSON Schema of one property: what is used of it for help texts, and anything else that ajv knows. */
export interface PropertySchema {
  readonly type?: string | readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly [keyword: string]: unknown;
}

function describe(error: ErrorObject, root: string, data: unknown): string {
  const path = root + error.instancePath.replaceAll("/", ".");
  if (error.keyword === "additionalProperties") {
    const wrong = String(error.params["additionalProperty"]);
    const known = Object.keys((error.parentSchema?.["properties"] ?? {}) as object);
    const nearest = nearestName(wrong, known);
    return `${path}.${wrong} is not known` +
      (nearest === undefined ? `: use one of ${known.join(", ")}` : `: did you mean "${nearest}"?`);
  }
  const found = error.instancePath.split("/").slice(1).reduce<unknown>(
    (at, key) => (at as Record<string, unknown> | undefined)?.[key],
    data,
  );
  const allowed = error.keyword === "enum"
    ? ` ${(error.params["allowedValues"] as unknown[]).join(", ")}`
    : "";
  const value = error.keyword === "required" ? "" : `, found ${JSON.stringify(found)}`;
  return `${path} ${error.message}${allowed}${value}`;
}

/**
 * A copy of data with a schema's defaults filled in.
 *
 * @param action what cannot be done with wrong data, such as `load plugin "x"`
 * @param root how the data is called in the error, such as `options`
 * @throws {TypeError} if the data does not meet the schema, with all findings
 */
export function validate<T>(schema: object, data: unknown, action: string, root: string): T {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, allowUnionTypes: true });
  const copy = structuredClone(data);
  const check = ajv.compile(schema);
  if (check(copy)) return copy as T;
  const findings = (check.errors ?? []).map((error) => describe(error, root, data));
  throw new GenviewTypeError(`Cannot ${action}: ${[...new Set(findings)].join("; ")}`);
}
