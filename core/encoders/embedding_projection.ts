/**
 * The projection of an image encoder's features to an embedding that takes noise well.
 *
 * @module
 */
import { PCA } from "../deps/ml_pca.ts";
import { float32, formatType, type Tensor } from "../engine/graph/tensor.ts";
import { GenviewRangeError } from "../errors/mod.ts";

/** How {@linkcode embeddingProjection} shapes embeddings. */
export interface EmbeddingProjectionOptions {
  /** Coordinates of an embedding: a power of two, at most the features' number. */
  readonly embedding: number;
  /**
   * Power of its standard deviation by which each principal component is scaled, 0 or more (default 0). At 0 components
   * keep their variances; with higher powers the first carry more of an embedding, and noise leaves less of the others.
   */
  readonly emphasis?: number;
}

/** The sign of row `row` and column `column` of Sylvester's Hadamard matrix, whose side is a power of two. */
function hadamardSign(row: number, column: number): 1 | -1 {
  let common = row & column;
  let odd = 0;
  for (; common > 0; common >>>= 1) odd ^= common & 1;
  return odd === 0 ? 1 : -1;
}

/**
 * A projection of features to an embedding whose coordinates all have the same variance. Its rows are the features' first
 * principal components, turned by a Hadamard matrix: each coordinate of an embedding holds as much of every component.
 * When noise is added to coordinates that were scaled to variance 1, as Stable unCLIP adds it, then every component
 * meets the same noise, which drowns those of little variance first and leaves what images differ in most.
 *
 * Source: Ramesh et al. 2022 (unCLIP), section 2.1, reduces CLIP's embeddings by PCA for its prior; the rotation and the
 * emphasis are this project's.
 *
 * @param features float32 `[N, D]` of at least two images
 * @returns float32 `[embedding, D]`
 * @throws {RangeError} if the embedding's length is no power of two up to D, the emphasis is negative, or there are fewer
 * images than the embedding has coordinates
 */
export function embeddingProjection(
  features: Tensor<"float32">,
  { embedding, emphasis = 0 }: EmbeddingProjectionOptions,
): Tensor<"float32"> {
  const [images = 0, width = 0] = features.shape;
  if (features.shape.length !== 2 || images <= embedding) {
    throw new GenviewRangeError(
      `Cannot project features: there must be those of more than ${embedding} images as [images, features], found ${
        formatType(features)
      }`,
    );
  }
  if (!Number.isInteger(Math.log2(embedding)) || embedding > width) {
    throw new GenviewRangeError(
      `Cannot project features: an embedding must have a power of two of coordinates, at most the ${width} of a feature, found ${embedding}`,
    );
  }
  if (!(emphasis >= 0)) {
    throw new GenviewRangeError(
      `Cannot project features: the emphasis must be 0 or more, found ${emphasis}`,
    );
  }
  const rows = Array.from(
    { length: images },
    (_, i) => Array.from(features.data.subarray(i * width, (i + 1) * width)),
  );
  const pca = new PCA(rows, { method: "covarianceMatrix" });
  const components = pca.getEigenvectors();
  const variances = pca.getEigenvalues();
  const scales = Array.from(
    { length: embedding },
    (_, k) => (Math.max(variances[k]!, 0) / variances[0]!) ** (emphasis / 2) / Math.sqrt(embedding),
  );
  const projection = new Float32Array(embedding * width);
  for (let row = 0; row < embedding; row++) {
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let k = 0; k < embedding; k++) {
        sum += hadamardSign(row, k) * scales[k]! * components.get(column, k);
      }
      projection[row * width + column] = sum;
    }
  }
  return float32([embedding, width], projection);
}
