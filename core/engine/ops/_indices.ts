/**
 * What the operators that take indices share.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { formatType, type TensorType } from "../graph/tensor.ts";

/** Checks that indices are int64; throws a TypeError with the reason alone. */
export function checkIndices(indices: TensorType): void {
  if (indices.dtype !== "int64") {
    throw new GenviewTypeError(`indices must be int64, found ${formatType(indices)}`);
  }
}
