/**
 * Checks of data from outside against JSON Schemas, all findings in one error.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { Ajv, type ErrorObject } from "../deps/ajv.ts";
import { nearestName } from "./nearest_name.ts";

/** Keywords of ours, which say nothing of which values are allowed. */
const OWN_KEYWORDS = ["group", "affects"];

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
  for (const keyword of OWN_KEYWORDS) ajv.addKeyword(keyword);
  const copy = structuredClone(data);
  const check = ajv.compile(schema);
  if (check(copy)) return copy as T;
  const findings = (check.errors ?? []).map((error) => describe(error, root, data));
  throw new GenviewTypeError(`Cannot ${action}: ${[...new Set(findings)].join("; ")}`);
}
