/**
 * Measures of collapse: how far features spread over the sphere, and over how many dimensions.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { normalizeRows } from "./normalize_rows.ts";
import { symmetricEigenvalues } from "./symmetric_eigenvalues.ts";

/**
 * The standard deviation over the rows of each coordinate of the normalised features, averaged over the coordinates:
 * about 1/sqrt(D) where they are spread evenly, 0 after collapse
 * ({@link https://arxiv.org/abs/2011.10566 | Chen & He 2021}, section 4.1).
 *
 * @param features float32 `[N,D]`
 * @returns in [0, 1/sqrt(D)]
 * @throws {RangeError} if the features are not a matrix of finite numbers
 */
export function featureSpread(features: Tensor<"float32">): number {
  const { data } = normalizeRows(features);
  const [rows, width] = features.shape as [number, number];
  let total = 0;
  for (let column = 0; column < width; column++) {
    let mean = 0;
    for (let i = column; i < data.length; i += width) mean += data[i]! / rows;
    let variance = 0;
    for (let i = column; i < data.length; i += width) variance += (data[i]! - mean) ** 2 / rows;
    total += Math.sqrt(variance);
  }
  return total / width;
}

/** The same matrix with rows for columns. */
function transposed(data: Float32Array, rows: number, width: number): Float32Array {
  return Float32Array.from(data, (_, i) => data[(i % rows) * width + Math.floor(i / rows)]!);
}

/** The products of all pairs of rows, or of columns where there are fewer of them. */
function gramMatrix({ data, shape }: Tensor<"float32">): { matrix: Float64Array; size: number } {
  const [rows, width] = shape as [number, number];
  const [size, length] = rows <= width ? [rows, width] : [width, rows];
  const lines = rows <= width ? data : transposed(data, rows, width);
  const matrix = new Float64Array(size * size);
  for (let a = 0; a < size; a++) {
    for (let b = a; b < size; b++) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += lines[a * length + i]! * lines[b * length + i]!;
      matrix[a * size + b] = matrix[b * size + a] = sum;
    }
  }
  return { matrix, size };
}

/** What is added to each singular value's share. */
const SHARE_EPSILON = 1e-7;

/**
 * The effective rank of features: the exponential of the entropy of their singular values' shares, near D where all
 * dimensions are used alike and near 1 where one is
 * ({@link https://arxiv.org/abs/2210.02885 | RankMe, Garrido et al. 2023}, equation 1). Takes time with the square of
 * the smaller of N and D: some thousand rows are enough.
 *
 * @param features float32 `[N,D]`
 * @throws {RangeError} if the features are not a matrix of finite numbers, or all are zero
 */
export function effectiveRank(features: Tensor<"float32">): number {
  normalizeRows(features);
  const { matrix, size } = gramMatrix(features);
  const singular = symmetricEigenvalues(matrix, size).map((value) => Math.sqrt(Math.max(0, value)));
  const total = singular.reduce((sum, value) => sum + value, 0);
  if (total === 0) {
    throw new GenviewRangeError(
      "Cannot compute the effective rank: a feature must not be zero, found none",
    );
  }
  const shares = singular.map((value) => value / total + SHARE_EPSILON);
  return Math.exp(-shares.reduce((sum, share) => sum + share * Math.log(share), 0));
}
