/**
 * The pairs of a batch whose weights are the largest and the smallest: what the weighting prefers and what it avoids.
 *
 * @module
 */
import { elementCount } from "../../engine/graph/shape.ts";
import type { DType } from "../../engine/graph/dtype.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import type { JudgedPairs } from "./train_event.ts";

/**
 * Indices of the pairs of most and of least weight, half of each, from the largest weight to the smallest.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { extremeIndices } from "./extreme_pairs.ts";
 *
 * assertEquals(extremeIndices(Float32Array.of(1, 0.5, 1.5, 0.9, 1.1), 3), [2, 4, 1]);
 * ```
 */
export function extremeIndices(weights: Float32Array, count: number): number[] {
  const order = Array.from(weights.keys()).sort((a, b) => weights[b]! - weights[a]! || a - b);
  if (count >= order.length) return order;
  const most = Math.ceil(count / 2);
  return [...order.slice(0, most), ...order.slice(order.length - (count - most))];
}

function rowsOf<D extends DType>(
  { dtype, shape, data }: Tensor<D>,
  rows: readonly number[],
): Tensor<D> {
  const length = elementCount(shape.slice(1));
  const chosen = data.slice(0, rows.length * length);
  rows.forEach((row, i) => {
    for (let at = 0; at < length; at++) chosen[i * length + at] = data[row * length + at]!;
  });
  return tensor(dtype, [rows.length, ...shape.slice(1)], chosen as typeof data);
}

/** Of the judged pairs of a batch, those of most and of least weight, from the largest weight to the smallest. */
export function extremePairs(pairs: JudgedPairs, count: number): JudgedPairs {
  const indices = extremeIndices(pairs.weights, count);
  const values = (all: Float32Array) => Float32Array.from(indices, (i) => all[i]!);
  const both = <D extends DType>([first, second]: readonly [Tensor<D>, Tensor<D>]) =>
    [rowsOf(first, indices), rowsOf(second, indices)] as const;
  return {
    ...pairs,
    foreground: values(pairs.foreground),
    background: values(pairs.background),
    weights: values(pairs.weights),
    maps: both(pairs.maps),
    pictures: both(pairs.pictures),
  };
}
