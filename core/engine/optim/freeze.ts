/**
 * Parameters that are frozen in some steps, as PyTorch leaves them out of a step whose gradient is `None`.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { input, type Value } from "../graph/value.ts";
import { where } from "../ops/where.ts";
import { scalarOperand } from "./_times.ts";
import type { InPlaceUpdate } from "./in_place.ts";
import type { Optimizer } from "./optimizer.ts";
import { frozenName } from "./step_names.ts";

/** Name of the slot that counts the updates of a parameter that is frozen at times, a scalar. */
export const UPDATES_SLOT = "updates";

/**
 * The inputs that say whether parameters are frozen in a step, bool scalars by the parameters' names.
 *
 * @param frozen names of parameters that are frozen in some steps
 * @param parameters names of all that are trained
 * @throws {TypeError} if a name is not that of a trained parameter
 */
export function frozenInputs(
  frozen: ReadonlySet<string>,
  parameters: readonly string[],
): ReadonlyMap<string, Value> {
  const unknown = [...frozen].find((name) => !parameters.includes(name));
  if (unknown !== undefined) {
    throw new GenviewTypeError(
      `Cannot build an update: only a trained parameter can be frozen, found "${unknown}"`,
    );
  }
  return new Map([...frozen].map((name) => [name, input(frozenName(name), "bool", [])]));
}

/** An update that takes place if a condition holds; otherwise all stays as it is. */
export function updatedWhere<U extends InPlaceUpdate>(condition: Value, update: U): U {
  const { input, output } = update;
  return { ...update, output: where(scalarOperand(condition, input.shape), output, input) };
}

/** An update that takes place unless a condition holds. */
export function updatedUnless<U extends InPlaceUpdate>(condition: Value, update: U): U {
  const { input, output } = update;
  return { ...update, output: where(scalarOperand(condition, input.shape), input, output) };
}

/**
 * Whether an optimizer must know how many updates a parameter that is frozen at times has taken itself: one whose
 * scalars change with the step.
 */
export function countsUpdates(optimizer: Optimizer): boolean {
  return Object.keys(optimizer.stepScalars(0)).length > 0;
}
