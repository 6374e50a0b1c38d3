/**
 * What the operators that take indices share.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { DType } from "../graph/dtype.ts";
import { formatType, type TensorType } from "../graph/tensor.ts";

/** Checks that indices are int64, or of another type that is taken; throws a TypeError with the reason alone. */
export function checkIndices(indices: TensorType, ...others: readonly DType[]): void {
  const taken: readonly DType[] = ["int64", ...others];
  if (!taken.includes(indices.dtype)) {
    throw new GenviewTypeError(
      `indices must be ${taken.join(" or ")}, found ${formatType(indices)}`,
    );
  }
}
