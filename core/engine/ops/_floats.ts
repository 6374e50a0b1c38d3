/**
 * What the operators that take floats alone share.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { isFloat } from "../graph/dtype.ts";
import { formatType, type TensorType } from "../graph/tensor.ts";

/** Checks that a tensor holds floats; throws a TypeError with the reason alone. */
export function checkFloat(name: string, type: TensorType): void {
  if (!isFloat(type.dtype)) {
    throw new GenviewTypeError(`${name} must be a float, found ${formatType(type)}`);
  }
}
