/**
 * Rows of unit length, between which the inner product is the cosine.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";

/** Norm below which a row is divided by this instead, as in `torch.nn.functional.normalize`. */
const SMALLEST_NORM = 1e-12;

/**
 * Divides each row by its Euclidean norm; a row of zeros stays one.
 *
 * @param features float32 `[N,D]`
 * @param first number of the first row in an error, for rows that are a part of others
 * @throws {RangeError} if the features are not a matrix, or a row holds what is not a finite number
 */
export function normalizeRows(features: Tensor<"float32">, first = 0): Tensor<"float32"> {
  const [rows, width] = features.shape;
  if (rows === undefined || width === undefined || features.shape.length > 2) {
    throw new GenviewRangeError(
      `Cannot normalize rows: features must be [N,D], found ${formatType(features)}`,
    );
  }
  const data = new Float32Array(features.data.length);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let square = 0;
    for (let i = start; i < start + width; i++) square += features.data[i]! ** 2;
    if (!Number.isFinite(square)) {
      throw new GenviewRangeError(
        `Cannot normalize rows: features must be finite, found a norm of ${
          Math.sqrt(square)
        } in row ${first + row}`,
      );
    }
    const norm = Math.max(Math.sqrt(square), SMALLEST_NORM);
    for (let i = start; i < start + width; i++) data[i] = features.data[i]! / norm;
  }
  return tensor("float32", features.shape, data);
}
