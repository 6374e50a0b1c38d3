/**
 * What the normalisations by channel share.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import type { DType } from "../graph/dtype.ts";
import { formatType, sameType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { checkFloat } from "./_floats.ts";
import { reduceSum } from "./reduce_sum.ts";

/** Sum of a tensor `[N, C, ...]` over all axes but the channels, `[C]`. */
export function sumPerChannel(x: Value): Value {
  return reduceSum(x, { axes: x.shape.flatMap((_, axis) => axis === 1 ? [] : [axis]) });
}

/**
 * Checks that x is `[N, C, ...]` of floats, and that each vector that is given has one number per channel; throws with the
 * reason alone.
 *
 * @param dtype type of the vectors (default x's)
 */
export function checkChannels(
  x: Value,
  vectors: Readonly<Record<string, Value | undefined>>,
  dtype: DType = x.dtype,
): void {
  checkFloat("x", x.type);
  if (x.rank < 2) throw new GenviewRangeError(`x must have at least 2 axes, found ${x.rank}`);
  const expected = { dtype, shape: [x.shape[1]!] };
  for (const [name, value] of Object.entries(vectors)) {
    if (value === undefined || sameType(value.type, expected)) continue;
    const reason = `${name} must be ${formatType(expected)}, found ${formatType(value.type)}`;
    throw value.dtype === dtype ? new GenviewRangeError(reason) : new GenviewTypeError(reason);
  }
}
