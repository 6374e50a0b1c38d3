/**
 * Which numbers of a network's outputs are finite. A NaN or an infinity comes from a damaged weight or from an overflow of
 * float16, and turns into a plausible result further on: a black image, or a token that is background.
 *
 * @module
 */
import type { Tensor } from "./tensor.ts";

/** Whether each number is finite. */
export function areFinite(values: Float32Array): boolean {
  // Any NaN or infinity makes the sum of the products NaN.
  let sum = 0;
  for (const value of values) sum += 0 * value;
  return sum === 0;
}

/**
 * Whether the rows of a tensor are finite, row by row.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { finiteRows } from "./finite.ts";
 * import { float32 } from "./tensor.ts";
 *
 * assertEquals(finiteRows(float32([3, 2], [0, 1, NaN, 0, 1, -Infinity])), [true, false, false]);
 * ```
 */
export function finiteRows(value: Tensor<"float32">): boolean[] {
  const count = value.shape[0]!;
  const each = value.data.length / Math.max(count, 1);
  return Array.from(
    { length: count },
    (_, row) => areFinite(value.data.subarray(row * each, (row + 1) * each)),
  );
}
