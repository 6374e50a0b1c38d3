/**
 * Rows of tensors, gathered into batches.
 *
 * @module
 */
import { elementCount } from "../engine/graph/shape.ts";
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
