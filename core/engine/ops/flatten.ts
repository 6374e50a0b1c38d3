import { GenviewRangeError } from "../../errors/mod.ts";
import { applying } from "../graph/op.ts";
import { elementCount } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { reshape } from "./reshape.ts";

/**
 * The tensor as a matrix: axes before `axis` (default 1) become its rows, the others its columns.
 *
 * @throws {RangeError} if the axis is not in [0, rank]
 */
export function flatten(x: Value, axis = 1): Value {
  applying("Flatten", { x }, () => {
    if (Number.isInteger(axis) && axis >= 0 && axis <= x.rank) return;
    throw new GenviewRangeError(`axis must be an integer in [0, ${x.rank}], found ${axis}`);
  });
  return reshape(x, [elementCount(x.shape.slice(0, axis)), elementCount(x.shape.slice(axis))]);
}
