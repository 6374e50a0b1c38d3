/**
 * Which outputs of the networks are finite. A NaN or an infinity, by a damaged weight or an overflow of float16, would
 * become a black image.
 *
 * @module
 */
import type { Tensor } from "../engine/graph/tensor.ts";

/** The networks of Stable unCLIP, in the order in which an image passes them. */
export type UnclipStage =
  | "image encoder"
  | "image normalizer"
  | "text encoder"
  | "UNet"
  | "VAE";

/** Whether each number is finite. */
export function areFinite(values: Float32Array): boolean {
  // Any NaN or infinity makes the sum of the products NaN.
  let sum = 0;
  for (const value of values) sum += 0 * value;
  return sum === 0;
}

/** Whether the rows of a tensor are finite, row by row. */
export function finiteRows(value: Tensor<"float32">): boolean[] {
  const count = value.shape[0]!;
  const each = value.data.length / Math.max(count, 1);
  return Array.from(
    { length: count },
    (_, row) => areFinite(value.data.subarray(row * each, (row + 1) * each)),
  );
}
