/**
 * Parameters of queries, checked.
 *
 * @module
 */
import type { Context } from "../../deps/hono.ts";
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";

/**
 * A text that must be given.
 *
 * @throws {GenviewTypeError} if it is not
 */
export function textOf(context: Context, name: string): string {
  const value = context.req.query(name);
  if (value !== undefined && value !== "") return value;
  throw new GenviewTypeError(`Cannot answer: the query must have "${name}", found none`);
}

/**
 * A number; undefined if it is not given.
 *
 * @throws {GenviewRangeError} if it is no number in the range
 */
export function numberOf(
  context: Context,
  name: string,
  [lowest, highest]: readonly [number, number],
): number | undefined {
  const text = context.req.query(name);
  if (text === undefined || text === "") return undefined;
  const value = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (value >= lowest && value <= highest) return value;
  throw new GenviewRangeError(
    `Cannot answer: "${name}" must be a number from ${lowest} to ${highest}, found ${
      JSON.stringify(text.slice(0, 40))
    }`,
  );
}
