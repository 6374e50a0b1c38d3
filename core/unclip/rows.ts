/**
 * Rows of tensors, gathered into batches.
 *
 * @module
 */
import { elementCount } from "../engine/graph/shape.ts";
import type { DType } from "../engine/graph/dtype.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";

/** Numbers of the rows of a batch; where there are too few, the last is taken again. */
export function batchRows(start: number, batchSize: number, total: number): number[] {
  return Array.from({ length: batchSize }, (_, i) => Math.min(start + i, total - 1));
}

/** Some rows of a tensor, in memory of their own. */
export function gatherRows(value: Tensor<"float32">, rows: readonly number[]): Tensor<"float32"> {
  const shape = value.shape.slice(1);
  const each = elementCount(shape);
  const data = new Float32Array(rows.length * each);
  rows.forEach((row, i) => data.set(value.data.subarray(row * each, (row + 1) * each), i * each));
  return tensor("float32", [rows.length, ...shape], data);
}

/** Rows of a tensor that follow each other, in its own memory. */
export function rowRange<D extends DType>(
  value: Tensor<D>,
  start: number,
  count: number,
): Tensor<D> {
  const [rows, ...shape] = value.shape as [number, ...number[]];
  const each = value.data.length / rows;
  const data = value.data.subarray(start * each, (start + count) * each);
  return tensor(value.dtype, [count, ...shape], data as typeof value.data);
}

/** The rows of several tensors, one after the other. */
export function joinRows(parts: readonly Tensor<"float32">[]): Tensor<"float32"> {
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const shape = [rows, ...parts[0]!.shape.slice(1)];
  const data = new Float32Array(elementCount(shape));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return tensor("float32", shape, data);
}
