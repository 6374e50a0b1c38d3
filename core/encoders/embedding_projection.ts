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
 * Added to the variances of what differs between draws, as a share of their mean: directions in which draws hardly differ
 * would be scaled without bound.
 */
const LEAST_DIFFERENCE = 0.1;

type Rows = readonly (readonly number[])[];

/** A linear map of features to coordinates: a row for each coordinate. */
type LinearMap = readonly Float64Array[];

function rowsOf({ shape, data }: Tensor<"float32">): number[][] {
  const [images, width] = shape as [number, number];
  return Array.from(
    { length: images },
    (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)),
  );
}

/** The principal components of rows, a row for each, and their variances. */
function componentsOf(
  rows: Rows,
): { readonly components: LinearMap; readonly variances: number[] } {
  const pca = new PCA(rows as number[][], { method: "covarianceMatrix" });
  const vectors = pca.getEigenvectors();
  const width = rows[0]!.length;
  return {
    components: Array.from(
      { length: width },
      (_, k) => Float64Array.from({ length: width }, (_, i) => vectors.get(i, k)),
    ),
    variances: pca.getEigenvalues().map((variance) => Math.max(variance, 0)),
  };
}

function mapped(row: readonly number[], map: LinearMap): number[] {
  return map.map((direction) => direction.reduce((sum, value, i) => sum + value * row[i]!, 0));
}

/** The map to coordinates in which draws of an image differ alike in all directions. */
function evenDifferences(draws: readonly Rows[]): LinearMap {
  const differences = draws[0]!.flatMap((first, image) => {
    const mean = first.map((_, k) =>
      draws.reduce((sum, rows) => sum + rows[image]![k]!, 0) / draws.length
    );
    return draws.map((rows) => rows[image]!.map((value, k) => value - mean[k]!));
  });
  const { components, variances } = componentsOf(differences);
  const least = LEAST_DIFFERENCE * variances.reduce((sum, value) => sum + value, 0) /
    variances.length;
  if (!(least > 0)) {
    throw new GenviewRangeError(
      `Cannot project features: ${draws.length} draws of each image must differ, found the same features in all; take one ` +
        "draw of images that are not rendered anew",
    );
  }
  return components.map((component, k) =>
    component.map((value) => value / Math.sqrt(variances[k]! + least))
  );
}

/**
 * A projection of features to an embedding whose coordinates all have the same variance. Its rows are the features' first
 * principal components, turned by a Hadamard matrix: each coordinate of an embedding holds as much of every component.
 * When noise is added to coordinates that were scaled to variance 1, as Stable unCLIP adds it, then every component
 * meets the same noise, which drowns those of little variance first and leaves what images differ in most.
 *
 * With several draws of each image, such as the same things on other backgrounds, components are those of linear
 * discriminant analysis, each image a class of its own: features are scaled first so that draws of an image differ alike
 * in all directions. What tells images apart then comes before what draws of one image differ in.
 *
 * Source: Ramesh et al. 2022 (unCLIP), section 2.1, reduces CLIP's embeddings by PCA for its prior; Fisher 1936, "The use of
 * multiple measurements in taxonomic problems", for the draws; the rotation and the emphasis are this project's.
 *
 * @param draws for each draw of the images their features, float32 `[N, D]`, of at least two images in the same order
 * @returns float32 `[embedding, D]`
 * @throws {RangeError} if the embedding's length is no power of two up to D, the emphasis is negative, there are fewer
 * images than the embedding has coordinates, or draws are of other shapes or all the same
 */
export function embeddingProjection(
  draws: readonly Tensor<"float32">[],
  { embedding, emphasis = 0 }: EmbeddingProjectionOptions,
): Tensor<"float32"> {
  const [images = 0, width = 0] = draws[0]?.shape ?? [];
  const other = draws.find(({ shape }) => String(shape) !== String([images, width]));
  if (images <= embedding || other !== undefined) {
    throw new GenviewRangeError(
      `Cannot project features: each draw must have those of more than ${embedding} images, all the same, as ` +
        `[images, features], found ${draws.map(formatType).join(", ") || "no draw"}`,
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
  const rows = draws.map(rowsOf);
  const map = rows.length > 1 ? evenDifferences(rows) : undefined;
  const seen = map === undefined ? rows[0]! : rows.flat().map((row) => mapped(row, map));
  const { components, variances } = componentsOf(seen);
  const projection = new Float32Array(embedding * width);
  for (let k = 0; k < embedding; k++) {
    const scale = (variances[k]! / variances[0]!) ** (emphasis / 2) / Math.sqrt(embedding);
    const direction = map === undefined ? components[k]! : Float64Array.from(
      { length: width },
      (_, i) => map.reduce((sum, axis, j) => sum + components[k]![j]! * axis[i]!, 0),
    );
    for (let row = 0; row < embedding; row++) {
      const factor = hadamardSign(row, k) * scale;
      direction.forEach((value, i) => projection[row * width + i]! += factor * value);
    }
  }
  return float32([embedding, width], projection);
}
