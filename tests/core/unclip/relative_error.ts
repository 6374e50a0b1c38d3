/**
 * How far numbers are from a reference's.
 *
 * @module
 */
import type { Tensor } from "../../../core/engine/graph/tensor.ts";

/** The largest difference, as a share of the largest number of the reference. */
export function relativeError(found: Tensor, expected: Tensor): number {
  let [error, largest] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const value = Number(expected.data[i]!);
    const difference = Math.abs(Number(found.data[i]!) - value);
    // NaN compares as nothing; it is as wrong as can be.
    error = difference <= error ? error : Number.isNaN(difference) ? Infinity : difference;
    largest = Math.max(largest, Math.abs(value));
  }
  return error / largest;
}
