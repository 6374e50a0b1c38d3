/**
 * The first principal component of tokens.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { PCA } from "../deps/ml_pca.ts";
import type { Covariance } from "./covariance.ts";

/** A direction in which tokens differ most. */
export interface PrincipalComponent {
  /** Unit vector of D coordinates. Its sign is the decomposition's: see `orientScores`. */
  readonly vector: Float32Array<ArrayBuffer>;
  /** Variance along it. */
  readonly variance: number;
  /** Its part of the variance along all directions, in [0, 1]. */
  readonly share: number;
}

/**
 * The eigenvector of a covariance to its largest eigenvalue, by ml-pca.
 *
 * The whole decomposition takes some 9 s at D = 1280, on the calling thread.
 *
 * @throws {RangeError} if nothing varies
 */
export function principalComponent({ covariance, mean }: Covariance): PrincipalComponent {
  const width = mean.length;
  let total = 0;
  for (let i = 0; i < width; i++) total += covariance[i * (width + 1)]!;
  if (!(total > 0)) {
    throw new GenviewRangeError(
      `Cannot find a principal component: tokens must differ, found variance ${total} in all`,
    );
  }
  const rows = Array.from(
    { length: width },
    (_, i) => Array.from(covariance.subarray(i * width, (i + 1) * width)),
  );
  const pca = new PCA(rows, { isCovarianceMatrix: true });
  const vectors = pca.getEigenvectors();
  const vector = Float64Array.from({ length: width }, (_, i) => vectors.get(i, 0));
  const length = Math.hypot(...vector);
  const variance = pca.getEigenvalues()[0]!;
  return {
    vector: Float32Array.from(vector, (value) => value / length),
    variance,
    share: variance / total,
  };
}
