/**
 * Affine maps of colours, one for each sample of a batch.
 *
 * @module
 */
import { float32 } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { add } from "../../engine/ops/add.ts";
import { matMul } from "../../engine/ops/mat_mul.ts";
import { reshape } from "../../engine/ops/reshape.ts";

/** Weights of the channels in gray (ITU-R 601-2), as torchvision rounds them. */
export const GRAY: readonly [red: number, green: number, blue: number] = [0.2989, 0.587, 0.114];

/** The map that leaves colours as they are, `[3,3]`. */
export const IDENTITY: Value = matrix([[1, 0, 0], [0, 1, 0], [0, 0, 1]]);

/** The map of colours to their gray, `[3,3]`. */
export const TO_GRAY: Value = matrix([GRAY, GRAY, GRAY]);

function matrix(rows: readonly (readonly number[])[]): Value {
  return constant(float32([3, 3], rows.flat()));
}

/** Maps the C channels of pixels `[N,C,H,W]` to three by a matrix `[N,3,C]` and adds an offset `[N,3,1]`. */
export function mapColors(pixels: Value, matrix: Value, offset?: Value): Value {
  const [count, channels, height, width] = pixels.shape as [number, number, number, number];
  const mapped = matMul(matrix, reshape(pixels, [count, channels, -1]));
  return reshape(offset === undefined ? mapped : add(mapped, offset), [count, 3, height, width]);
}

/** Numbers `[N]`, one for each sample, in the shape that broadcasts over pixels. */
export function perSample(values: Value): Value {
  return reshape(values, [-1, 1, 1, 1]);
}
