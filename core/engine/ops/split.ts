import { GenviewRangeError } from "../../errors/mod.ts";
import { applying } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { slice } from "./slice.ts";

/** Options of {@linkcode split}. */
export interface SplitOptions {
  /** Axis that is cut; a negative one counts from the back. */
  readonly axis: number;
}

/**
 * Cuts an axis into stretches of the given lengths; one slice each.
 *
 * @throws {RangeError} if the lengths do not add up to the axis
 */
export function split(x: Value, lengths: readonly number[], options: SplitOptions): Value[] {
  const axis = axisOf("Split", x, options.axis);
  applying("Split", { x }, () => {
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (total === x.shape[axis]) return;
    throw new GenviewRangeError(
      `lengths along axis ${axis} must add up to ${x.shape[axis]}, found [${lengths.join(",")}]`,
    );
  });
  let start = 0;
  return lengths.map((length) => {
    const end = start + length;
    const part = slice(x, { starts: [start], ends: [end], axes: [axis] });
    start = end;
    return part;
  });
}
