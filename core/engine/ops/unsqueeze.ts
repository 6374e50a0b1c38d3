import { GenviewRangeError } from "../../errors/mod.ts";
import { applying } from "../graph/op.ts";
import { normalizeAxis } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { reshape } from "./reshape.ts";

/**
 * The tensor with new axes of length 1, at the given places of the result; negative ones count from its back.
 *
 * @throws {RangeError} if two places are the same, or one is not there
 */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  const rank = x.rank + axes.length;
  const added = applying("Unsqueeze", { x }, () => {
    const places = new Set(axes.map((axis) => normalizeAxis(axis, rank)));
    if (places.size === axes.length) return places;
    throw new GenviewRangeError(`axes must differ, found [${axes.join(",")}]`);
  });
  const lengths = x.shape.values();
  const shape = Array.from(
    { length: rank },
    (_, axis) => added.has(axis) ? 1 : lengths.next().value!,
  );
  return reshape(x, shape);
}
