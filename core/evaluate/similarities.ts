/**
 * Similarities of all pairs of two sets of features, a few rows at a time.
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

/** How far apart features are: by the angle between them, or by their Euclidean distance. */
export type FeatureDistance = "cosine" | "euclidean";

/** Where and how to compare. */
export interface SimilarityOptions extends ComputeOptions {
  /** How far apart features are (default `cosine`). */
  readonly distance?: FeatureDistance;
}

/** Similarities of one query to each feature of a bank. */
export interface SimilarityRow {
  /** Row of the query. */
  readonly query: number;
  /**
   * One for each row of the bank: cosines; of Euclidean distances d the logarithm of 1/(d + 1e-5), so that votes of
   * exp(similarity) are 1/(d + 1e-5). Overwritten when the next row is asked for.
   */
  readonly similarities: Float32Array;
}

/** Similarities that are held at once. */
const MOST_SIMILARITIES = 5e6;

/** What is added to a distance before it is inverted, as in solo-learn's `WeightedKNNClassifier`. */
const DISTANCE_EPSILON = 1e-5;

/** Squared length of each row. */
function squaredNorms({ data, shape }: Tensor<"float32">): Float64Array {
  const width = shape[1]!;
  const norms = new Float64Array(shape[0]!);
  data.forEach((value, i) => norms[Math.floor(i / width)]! += value ** 2);
  return norms;
}

/** Turns the inner products of a query with a bank into similarities by distance, in place. */
function byDistance(products: Float32Array, query: number, bank: Float64Array): Float32Array {
  for (let i = 0; i < products.length; i++) {
    const distance = Math.sqrt(Math.max(0, query + bank[i]! - 2 * products[i]!));
    products[i] = -Math.log(distance + DISTANCE_EPSILON);
  }
  return products;
}

function chunkRows(queries: number, bank: number): number {
  return Math.max(1, Math.min(queries, Math.floor(MOST_SIMILARITIES / bank)));
}

/**
 * The similarities of each query to all features of a bank, in the order of the queries.
 *
 * @param bank float32 `[M,D]`
 * @param queries float32 `[N,D]`
 * @throws {RangeError} if they are not matrices of the same width
 */
export async function* similarityRows(
  bank: Tensor<"float32">,
  queries: Tensor<"float32">,
  { device = CPU, threads, distance = "cosine" }: SimilarityOptions = {},
): AsyncGenerator<SimilarityRow> {
  // Normalised in any case, which checks that they are finite.
  const unit = [normalizeRows(queries), normalizeRows(bank)] as const;
  const [left, right] = distance === "cosine" ? unit : [queries, bank];
  const norms = distance === "cosine" ? undefined : [queries, bank].map(squaredNorms);
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
      const query = first + row;
      const found = result.data.subarray(row * size, (row + 1) * size);
      const similarities = norms === undefined
        ? found
        : byDistance(found, norms[0]![query]!, norms[1]!);
      yield { query, similarities };
    }
  }
}
