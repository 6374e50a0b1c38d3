/**
 * Cosine similarities of all pairs of two sets of features, a few rows at a time.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { gemm } from "../engine/ops/gemm.ts";
import { CPU, DeviceTensor, type Placement, Session } from "../engine/ort/mod.ts";
import { normalizeRows } from "./normalize_rows.ts";

/** Where to compute; on the CPU with all cores when left out. */
export type ComputeOptions = Partial<Placement>;

/** Similarities of one query to each feature of a bank. */
export interface SimilarityRow {
  /** Row of the query. */
  readonly query: number;
  /** Cosines, one for each row of the bank; overwritten when the next row is asked for. */
  readonly similarities: Float32Array;
}

/** Similarities that are held at once. */
const MOST_SIMILARITIES = 5e6;

function chunkRows(queries: number, bank: number): number {
  return Math.max(1, Math.min(queries, Math.floor(MOST_SIMILARITIES / bank)));
}

/**
 * The cosine similarities of each query to all features of a bank, in the order of the queries.
 *
 * @param bank float32 `[M,D]`
 * @param queries float32 `[N,D]`
 * @throws {RangeError} if they are not matrices of the same width
 */
export async function* similarityRows(
  bank: Tensor<"float32">,
  queries: Tensor<"float32">,
  { device = CPU, threads }: ComputeOptions = {},
): AsyncGenerator<SimilarityRow> {
  const [left, right] = [normalizeRows(queries), normalizeRows(bank)];
  const [count, width] = left.shape as [number, number];
  const [size] = right.shape as [number, number];
  if (right.shape[1] !== width) {
    throw new GenviewRangeError(
      `Cannot compare features: their widths must be the same, found ${formatType(queries)} and ${
        formatType(bank)
      }`,
    );
  }
  if (count === 0 || size === 0) return;
  const rows = chunkRows(count, size);
  const similarities = gemm(
    input("queries", "float32", [rows, width]),
    input("bank", "float32", [size, width]),
    { transposeB: true },
  );
  const model = encodeModel({ outputs: { similarities } });
  using session = await Session.create(model, {
    device,
    threads,
  });
  using chunk = DeviceTensor.empty({ dtype: "float32", shape: [rows, width] });
  using features = DeviceTensor.from(right, device);
  using result = DeviceTensor.empty({ dtype: "float32", shape: [rows, size] });
  using binding = session.bind({ queries: chunk, bank: features }, { similarities: result });
  for (let first = 0; first < count; first += rows) {
    const filled = Math.min(rows, count - first);
    // The last chunk is padded with rows of zeros, whose similarities are discarded.
    const part = new Float32Array(rows * width);
    part.set(left.data.subarray(first * width, (first + filled) * width));
    chunk.write(tensor("float32", [rows, width], part));
    await binding.run();
    for (let row = 0; row < filled; row++) {
      yield {
        query: first + row,
        similarities: result.data.subarray(row * size, (row + 1) * size),
      };
    }
  }
}
