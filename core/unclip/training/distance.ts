/**
 * How far generated images are from real ones: the distance of two normal distributions of embeddings.
 *
 * @module
 */
import { PCA } from "../../deps/ml_pca.ts";
import { formatType, type Tensor } from "../../engine/graph/tensor.ts";
import { GenviewRangeError } from "../../errors/mod.ts";

/** A matrix of float64, row by row. */
export interface Matrix {
  /** How many rows. */
  readonly rows: number;
  /** How many columns. */
  readonly columns: number;
  /** `rows · columns` numbers. */
  readonly data: Float64Array;
}

/** The normal distribution that embeddings are taken for. */
export interface EmbeddingGaussian {
  /** Mean of each of the D coordinates. */
  readonly mean: Float64Array;
  /** Their covariance, `D · D`, over N - 1 as numpy's `cov` has it. */
  readonly covariance: Float64Array;
  /** A matrix F of the fewest rows, `rows · D`, whose FᵀF is the covariance. */
  readonly factor: Matrix;
}

/** A Bᵀ of two matrices with as many columns. */
function timesTransposed(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.rows);
  for (let i = 0; i < a.rows; i++) {
    const left = a.data.subarray(i * a.columns, (i + 1) * a.columns);
    for (let j = 0; j < b.rows; j++) {
      let sum = 0;
      for (let k = 0, at = j * b.columns; k < a.columns; k++, at++) sum += left[k]! * b.data[at]!;
      data[i * b.rows + j] = sum;
    }
  }
  return { rows: a.rows, columns: b.rows, data };
}

function transposed({ rows, columns, data }: Matrix): Matrix {
  const result = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = data[i * columns + j]!;
  }
  return { rows: columns, columns: rows, data: result };
}

/** Eigenvalues of a symmetric matrix without negative ones, and its eigenvectors as columns. */
function decompose({ rows, columns, data }: Matrix) {
  const lists = Array.from(
    { length: rows },
    (_, i) => Array.from(data.subarray(i * columns, (i + 1) * columns)),
  );
  const pca = new PCA(lists, { isCovarianceMatrix: true });
  // What is below 0 is rounding.
  const values = pca.getEigenvalues().map((value) => Math.max(0, value));
  return { values, vectors: pca.getEigenvectors() };
}

/** The square root of a covariance, times a rotation: its eigenvectors as rows, each times the root of its eigenvalue. */
function rootOf(covariance: Matrix): Matrix {
  const { values, vectors } = decompose(covariance);
  const { rows, columns } = covariance;
  const data = new Float64Array(rows * columns);
  values.forEach((value, i) => {
    for (let j = 0; j < columns; j++) data[i * columns + j] = Math.sqrt(value) * vectors.get(j, i);
  });
  return { rows, columns, data };
}

/**
 * The normal distribution that embeddings are taken for, computed in float64 on the calling thread.
 *
 * @param embeddings `[N, D]` of at least two images
 * @throws {RangeError} if they are fewer, or not finite
 */
export function embeddingGaussian(embeddings: Tensor<"float32">): EmbeddingGaussian {
  const [rows = 0, columns = 0] = embeddings.shape;
  if (embeddings.shape.length !== 2 || rows < 2 || !embeddings.data.every(Number.isFinite)) {
    throw new GenviewRangeError(
      `Cannot take ${
        formatType(embeddings)
      } for a normal distribution: they must be the finite embeddings of at ` +
        `least 2 images, [N, D]`,
    );
  }
  const mean = new Float64Array(columns);
  embeddings.data.forEach((value, i) => mean[i % columns]! += value / rows);
  const scale = 1 / Math.sqrt(rows - 1);
  const data = Float64Array.from(
    embeddings.data,
    (value, i) => scale * (value - mean[i % columns]!),
  );
  const centred = { rows, columns, data };
  const across = transposed(centred);
  const covariance = timesTransposed(across, across);
  const factor = rows <= columns ? centred : rootOf(covariance);
  return { mean, covariance: covariance.data, factor };
}

function traceOf({ mean, covariance }: EmbeddingGaussian): number {
  return mean.reduce((sum, _, i) => sum + covariance[i * (mean.length + 1)]!, 0);
}

/**
 * The Fréchet distance of two normal distributions of embeddings,
 * |m₁ - m₂|² + tr(C₁ + C₂ - 2 (C₁ C₂)^½). By the embeddings of Inception it is FID; by those of another network it compares
 * with itself alone. It falls as the images become more: compare distances over equally many.
 *
 * Of C₁ C₂ the eigenvalues alone are needed, which F₂ C₁ F₂ᵀ has too where C₂ = F₂ᵀF₂: that matrix is symmetric, and as
 * small as the images are few, so that no root of a product that is not symmetric has to be found.
 *
 * Source: Heusel et al. 2017, "GANs trained by a two time-scale update rule converge to a local Nash equilibrium",
 * equation 6.
 *
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { tensor } from "../../engine/graph/tensor.ts";
 * import { embeddingGaussian, frechetDistance } from "./distance.ts";
 *
 * const real = embeddingGaussian(tensor("float32", [3, 1], Float32Array.of(0, 1, 2)));
 * const moved = embeddingGaussian(tensor("float32", [3, 1], Float32Array.of(3, 4, 5)));
 * assertAlmostEquals(frechetDistance(real, moved), 9, 1e-12);
 * ```
 *
 * @throws {RangeError} if the embeddings have not as many coordinates
 */
export function frechetDistance(a: EmbeddingGaussian, b: EmbeddingGaussian): number {
  const width = a.mean.length;
  if (width !== b.mean.length) {
    throw new GenviewRangeError(
      `Cannot compare embeddings: they must have as many coordinates, found ${width} and ${b.mean.length}`,
    );
  }
  const [one, other] = a.factor.rows <= b.factor.rows ? [b, a] : [a, b];
  const covariance = { rows: width, columns: width, data: one.covariance };
  const product = timesTransposed(timesTransposed(other.factor, covariance), other.factor);
  const root = decompose(product).values.reduce((sum, value) => sum + Math.sqrt(value), 0);
  const means = a.mean.reduce((sum, value, i) => sum + (value - b.mean[i]!) ** 2, 0);
  return means + traceOf(a) + traceOf(b) - 2 * root;
}
