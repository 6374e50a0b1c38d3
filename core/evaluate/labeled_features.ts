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
 * Checks that features are a matrix with a class for each row.
 *
 * @param role what the features are for, in the error
 * @throws {RangeError} if they are not
 */
export function checkLabels({ features, labels }: LabeledFeatures, role: string): void {
  if (features.shape.length !== 2 || features.shape[0] !== labels.length || labels.length === 0) {
    throw new GenviewRangeError(
      `Cannot evaluate ${role}: there must be a label for each row of [N,D], found ${labels.length} for ${
        formatType(features)
      }`,
    );
  }
  const row = labels.findIndex((label) => label < 0);
  if (row >= 0) {
    throw new GenviewRangeError(
      `Cannot evaluate ${role}: labels must be 0 or more, found ${labels[row]} in row ${row}`,
    );
  }
}

/** The classes that occur, numbered from 0 in the order of their labels. */
export interface OccurringClasses {
  /** Label of each number, in ascending order. */
  readonly labels: Int32Array;
  /** The numbers of some labels that all occur. */
  numbersOf(labels: Int32Array): Int32Array;
}

/**
 * The classes that occur among labels. Labels may be ids of any size: what is computed by class takes memory by the
 * number of classes, not by the largest label.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { occurringClasses } from "./labeled_features.ts";
 *
 * const { labels, numbersOf } = occurringClasses(Int32Array.of(60_000, 7), Int32Array.of(7));
 * assertEquals([...labels], [7, 60_000]);
 * assertEquals([...numbersOf(Int32Array.of(60_000))], [1]);
 * ```
 */
export function occurringClasses(...sets: readonly Int32Array[]): OccurringClasses {
  const found = new Set<number>();
  for (const set of sets) for (const label of set) found.add(label);
  const labels = Int32Array.from(found).sort();
  const numbers = new Map([...labels].map((label, number) => [label, number]));
  return { labels, numbersOf: (wanted) => wanted.map((label) => numbers.get(label)!) };
}
