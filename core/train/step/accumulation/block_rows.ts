/**
 * Rows of micro-batches within those of the whole batch.
 *
 * @module
 */
import { byteSize, type DType } from "../../../engine/graph/dtype.ts";
import { elementCount } from "../../../engine/graph/shape.ts";
import type { TensorType } from "../../../engine/graph/tensor.ts";

/** Where the rows of micro-batches lie. */
export interface BlockRowsOptions {
  /** Of a micro-batch, `[V M,...]`: V blocks of M rows each, as views one after the other are. */
  readonly micro: TensorType;
  /** Of the whole batch, `[V N,...]`: V blocks of N rows each. */
  readonly whole: TensorType;
  /** M. */
  readonly deviceBatchSize: number;
  /** Memory of the whole, such as a tensor's own; zeros of its own when left out. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/**
 * A tensor of the whole batch in the host's memory, which micro-batches write and read: rows m of block v of the i-th
 * micro-batch are rows i M + m of block v of the whole.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BlockRows } from "./block_rows.ts";
 *
 * // Two views of four samples, by micro-batches of two.
 * const rows = new BlockRows({
 *   micro: { dtype: "float32", shape: [4, 1] },
 *   whole: { dtype: "float32", shape: [8, 1] },
 *   deviceBatchSize: 2,
 * });
 * const bytes = (...numbers: number[]) => new Uint8Array(new Float32Array(numbers).buffer);
 * rows.write(0, bytes(0, 1, 10, 11));
 * rows.write(1, bytes(2, 3, 12, 13));
 * assertEquals(rows.bytes, bytes(0, 1, 2, 3, 10, 11, 12, 13));
 * assertEquals(rows.read(1), bytes(2, 3, 12, 13));
 * ```
 */
export class BlockRows {
  /** All rows. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #blocks: number;
  /** Bytes of one block of a micro-batch. */
  readonly #stretch: number;
  /** Bytes of one block of the whole. */
  readonly #block: number;

  /** Takes the memory as it is. */
  constructor({ micro, whole, deviceBatchSize, bytes }: BlockRowsOptions) {
    const size = ({ dtype, shape }: { readonly dtype: DType; readonly shape: readonly number[] }) =>
      elementCount(shape) * byteSize(dtype);
    this.bytes = bytes ?? new Uint8Array(size(whole));
    this.#blocks = micro.shape[0]! / deviceBatchSize;
    this.#stretch = size(micro) / this.#blocks;
    this.#block = this.bytes.length / this.#blocks;
  }

  /** Where a micro-batch's stretches lie, in its own bytes and in those of the whole. */
  #stretches(microBatch: number): readonly { readonly at: number; readonly from: number }[] {
    return Array.from({ length: this.#blocks }, (_, block) => ({
      at: block * this.#stretch,
      from: block * this.#block + microBatch * this.#stretch,
    }));
  }

  /** Takes over the rows of a micro-batch. */
  write(microBatch: number, rows: Uint8Array): void {
    for (const { at, from } of this.#stretches(microBatch)) {
      this.bytes.set(rows.subarray(at, at + this.#stretch), from);
    }
  }

  /** A copy of the rows of a micro-batch. */
  read(microBatch: number): Uint8Array<ArrayBuffer> {
    const rows = new Uint8Array(this.#blocks * this.#stretch);
    for (const { at, from } of this.#stretches(microBatch)) {
      rows.set(this.bytes.subarray(from, from + this.#stretch), at);
    }
    return rows;
  }
}
