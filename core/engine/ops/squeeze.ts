import { normalizeAxis } from "../graph/shape.ts";
import { formatType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { reshape } from "./reshape.ts";

/**
 * The tensor without axes of length 1, all such axes by default.
 *
 * @throws {RangeError} if a given axis is longer
 */
export function squeeze(x: Value, axes?: readonly number[]): Value {
  const given = axes?.map((axis) => normalizeAxis(axis, x.rank));
  const longer = given?.find((axis) => x.shape[axis] !== 1);
  if (longer !== undefined) {
    throw new RangeError(
      `Cannot squeeze axis ${longer} of ${formatType(x.type)}: its length must be 1`,
    );
  }
  const kept = x.shape.filter((length, axis) => given ? !given.includes(axis) : length !== 1);
  return reshape(x, kept);
}
