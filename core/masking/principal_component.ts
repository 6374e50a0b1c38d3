/**
 * The first principal component of tokens.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { PCA } from "../deps/ml_pca.ts";
import type { Covariance } from "./covariance.ts";

/** The component along which tokens differ most. */
export interface PrincipalComponent {
  /** Its D coordinates, of length 1. Their sign is the decomposition's: see `orientScores`. */
  readonly coordinates: Float32Array<ArrayBuffer>;
  /** Variance of the tokens along it. */
  readonly variance: number;
  /** Part of the whole variance that lies along it, in [0, 1]. */
  readonly share: number;
}

/**
 * The principal component of a covariance, its eigenvector of the largest eigenvalue, by ml-pca.
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
  const components = pca.getEigenvectors();
  const component = Float64Array.from({ length: width }, (_, i) => components.get(i, 0));
  const length = Math.hypot(...component);
  const variance = pca.getEigenvalues()[0]!;
  return {
    coordinates: Float32Array.from(component, (value) => value / length),
    variance,
    share: variance / total,
  };
}
