/**
 * Whether a method gives what the interface asks for: plugins are not type checked before they run.
 *
 * @module
 */
import { isFloat } from "../../engine/graph/dtype.ts";
import { formatType } from "../../engine/graph/tensor.ts";
import { Value } from "../../engine/graph/value.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { lossRangeSchema } from "../../method/manifest.ts";
import type { MethodOutputs } from "../../method/method.ts";
import { checkOutputMembers } from "./known_members.ts";
import { validate } from "../../schema/validate.ts";

/** What the log says of every step itself. */
const LOGGED = ["step", "epoch", "loss", "spread", "gradientNorm", "learningRate", "seconds"];

/**
 * A value of the graph.
 *
 * @param rule what cannot be done, and what must be a value
 * @throws {TypeError} if it is anything else
 */
export function checkValue(rule: string, found: unknown): Value {
  if (found instanceof Value) return found;
  throw new GenviewTypeError(
    `Cannot ${rule} a value of the graph, found ${found === null ? "null" : typeof found}`,
  );
}

/** Refuses a value of another number of axes, or whose elements are no floats. */
function checkType(rule: string, { rank, dtype, type }: Value, axes: number): void {
  if (rank === axes && isFloat(dtype)) return;
  const floats = rank === axes ? " of floats" : "";
  throw new GenviewTypeError(`Cannot ${rule}${floats}, found ${formatType(type)}`);
}

function checkMetrics(action: string, metrics: NonNullable<MethodOutputs["metrics"]>): void {
  for (const [name, metric] of Object.entries(metrics)) {
    const rule = `${action}: metric "${name}" must be`;
    checkType(`${rule} a scalar`, checkValue(rule, metric), 0);
    if (!LOGGED.includes(name)) continue;
    throw new GenviewTypeError(
      `Cannot ${action}: a metric must have a name of its own, found "${name}", which the log has already`,
    );
  }
}

/**
 * Checks that a method gives what the interface asks for.
 *
 * @param action what cannot be done otherwise
 * @throws {TypeError} if it does not
 */
export function checkOutputs(action: string, outputs: MethodOutputs): void {
  if (outputs instanceof Promise) {
    outputs.catch(() => {
      // That it is a promise at all is the fault that is reported.
    });
    throw new GenviewTypeError(
      `Cannot ${action}: its build function must return { loss, embeddings }, found a promise; it must ` +
        "not be async",
    );
  }
  for (const output of ["loss", "embeddings"] as const) {
    if (outputs?.[output] instanceof Value) continue;
    throw new GenviewTypeError(
      `Cannot ${action}: its build function must return { loss, embeddings }, found no ${output}`,
    );
  }
  checkOutputMembers(action, outputs);
  checkType(`${action}: its loss must be a scalar`, outputs.loss, 0);
  checkType(`${action}: its embeddings must be [N,D]`, outputs.embeddings, 2);
  checkMetrics(action, outputs.metrics ?? {});
  if (outputs.lossRange === undefined) return;
  validate(lossRangeSchema, outputs.lossRange, action, "lossRange");
}
