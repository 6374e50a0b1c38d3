/**
 * The golden tensors of photometric steps, in the forms in which graphs take and give pixels.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { float32, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../../fixtures/golden/photometry.safetensors", import.meta.url);
const { tensors } = await readSafetensors(GOLDEN.pathname);

/** A golden tensor. */
export function golden(name: string): Tensor {
  return tensors.get(name)!;
}

/** uint8 `[N,S,S,3]`. */
export const images: Tensor = golden("images");
/** N. */
export const COUNT: number = images.shape[0]!;
/** S. */
export const SIZE: number = images.shape[1]!;

/** A square part of one of the images as float32 planes `[1,3,side,side]` in [0, 255]. */
export function planesOf(sample: number, first: number, side: number): Tensor<"float32"> {
  const channels = [0, 1, 2];
  const along = Array.from({ length: side }, (_, i) => first + i);
  const data = channels.flatMap((channel) =>
    along.flatMap((row) =>
      along.map((column) => {
        const pixel = (sample * SIZE + row) * SIZE + column;
        return Number(images.data[pixel * 3 + channel]);
      })
    )
  );
  return float32([1, 3, side, side], data);
}

/** Tensors of one shape, one after the other along the first axis. */
export function stacked(parts: readonly Tensor<"float32">[]): Tensor<"float32"> {
  const data = parts.flatMap((part) => [...part.data]);
  return float32([parts.length, ...parts[0]!.shape.slice(1)], data);
}

/** The part of a tensor that has one index along the first axis, as a batch of one. */
export function only(index: number, { dtype, shape, data }: Tensor): Tensor {
  const length = data.length / shape[0]!;
  const part = data.slice(index * length, (index + 1) * length);
  return { dtype, shape: [1, ...shape.slice(1)], data: part } as Tensor;
}

function differences(actual: Tensor, expected: Tensor, scale: number): number[] {
  assertEquals(actual.data.length, expected.data.length);
  return Array.from(
    { length: actual.data.length },
    (_, i) => Math.abs(Number(actual.data[i]) - scale * Number(expected.data[i])),
  );
}

/** The largest difference between elements, where those expected are multiplied first. */
export function largestDifference(actual: Tensor, expected: Tensor, scale = 1): number {
  return differences(actual, expected, scale).reduce((most, value) => Math.max(most, value), 0);
}

/** The mean difference between elements. */
export function meanDifference(actual: Tensor, expected: Tensor): number {
  return differences(actual, expected, 1).reduce((sum, value) => sum + value, 0) /
    actual.data.length;
}
