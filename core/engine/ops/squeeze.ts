import { GenviewRangeError } from "../../errors/mod.ts";
import { applying } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { axisOf } from "./_axes.ts";
import { reshape } from "./reshape.ts";

/**
 * The tensor without axes of length 1, all such axes by default.
 *
 * @throws {RangeError} if a given axis is longer
 */
export function squeeze(x: Value, axes?: readonly number[]): Value {
  const given = axes?.map((axis) => axisOf("Squeeze", x, axis));
  applying("Squeeze", { x }, () => {
    const longer = given?.find((axis) => x.shape[axis] !== 1);
    if (longer === undefined) return;
    throw new GenviewRangeError(`axis ${longer} must have length 1, found ${x.shape[longer]}`);
  });
  const kept = x.shape.filter((length, axis) => given ? !given.includes(axis) : length !== 1);
  return reshape(x, kept);
}
