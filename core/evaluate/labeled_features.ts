/**
 * Features with the classes that they belong to.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { formatType, type Tensor } from "../engine/graph/tensor.ts";

/** Features and their classes. */
export interface LabeledFeatures {
  /** float32 `[N,D]`. */
  readonly features: Tensor<"float32">;
  /** Class of each row, 0 or more. */
  readonly labels: Int32Array;
}

/**
 * Number of classes: one more than the largest label.
 *
 * @param role what the features are for, in the error
 * @throws {RangeError} if the features are not a matrix with a class for each row
 */
export function classCount({ features, labels }: LabeledFeatures, role: string): number {
  if (features.shape.length !== 2 || features.shape[0] !== labels.length || labels.length === 0) {
    throw new GenviewRangeError(
      `Cannot evaluate ${role}: there must be a label for each row of [N,D], found ${labels.length} for ${
        formatType(features)
      }`,
    );
  }
  let largest = 0;
  for (const [row, label] of labels.entries()) {
    if (label < 0) {
      throw new GenviewRangeError(
        `Cannot evaluate ${role}: labels must be 0 or more, found ${label} in row ${row}`,
      );
    }
    largest = Math.max(largest, label);
  }
  return largest + 1;
}
