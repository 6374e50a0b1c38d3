/**
 * A part of a labelled data set that is held out for testing.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { datasetOf } from "../data/dataset_of.ts";
import type { Dataset } from "../data/dataset.ts";
import { RandomStream } from "../engine/random/random_stream.ts";

/** Share of each class that is held out where nothing else is asked for. */
export const DEFAULT_HELD_OUT_SHARE = 0.2;

/** Options of {@linkcode holdOut}. */
export interface HoldOutOptions {
  /** Share of each class that is held out, in (0, 1) (default 0.2). */
  readonly share?: number;
  /** Seed of the choice (default 0). */
  readonly seed?: number;
}

/** Elements in two parts. */
export interface HeldOut {
  /** Positions of the elements that stay, in ascending order. */
  readonly kept: readonly number[];
  /** Positions of the elements that are held out, in ascending order. */
  readonly held: readonly number[];
}

/**
 * Holds out a share of each class: at least one element of each class that has two, and never all of them.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { holdOutRows } from "./hold_out.ts";
 *
 * const { kept, held } = holdOutRows(Int32Array.of(0, 0, 0, 0, 1, 1, 2), { share: 0.25 });
 * assertEquals([kept.length, held.length], [5, 2]);
 * ```
 *
 * @param labels class of each element
 * @throws {RangeError} if the share is not in (0, 1)
 */
export function holdOutRows(
  labels: ArrayLike<number>,
  { share = DEFAULT_HELD_OUT_SHARE, seed = 0 }: HoldOutOptions = {},
): HeldOut {
  if (!(share > 0 && share < 1)) {
    throw new GenviewRangeError(
      `Cannot hold out images: the held-out share must be in (0, 1), found ${share}`,
    );
  }
  const byClass = Map.groupBy(Array.from(labels).keys(), (row) => labels[row]!);
  const [kept, held]: [number[], number[]] = [[], []];
  for (const [label, rows] of byClass) {
    const order = new RandomStream(seed, "held_out", label).permutation(rows.length);
    const count = Math.min(rows.length - 1, Math.max(1, Math.round(share * rows.length)));
    order.forEach((at, i) => (i < count ? held : kept).push(rows[at]!));
  }
  const ascending = (a: number, b: number) => a - b;
  return { kept: kept.sort(ascending), held: held.sort(ascending) };
}

/**
 * Splits a labelled data set into a bank and held-out queries, class by class. The same seed gives the same split.
 *
 * @throws {TypeError} if a sample has no label, or no class has two samples
 * @throws {RangeError} if the share is not in (0, 1)
 */
export function holdOut(
  dataset: Dataset,
  options: HoldOutOptions = {},
): readonly [bank: Dataset, queries: Dataset] {
  const labels = Array.from({ length: dataset.length }, (_, index) => {
    const { key, label } = dataset.sample(index);
    if (label !== undefined) return label;
    throw new GenviewTypeError(
      `Cannot evaluate on "${dataset.name}": every image must have a label, by the folder of its class or in a ` +
        `list, found none for "${key}"`,
    );
  });
  const { kept, held } = holdOutRows(labels, options);
  if (held.length === 0) {
    throw new GenviewTypeError(
      `Cannot hold out images of "${dataset.name}": a class must have two or more, found one in each`,
    );
  }
  const part = (rows: readonly number[]) =>
    datasetOf(dataset.name, rows.length, (i) => dataset.sample(rows[i]!), dataset.classes);
  return [part(kept), part(held)];
}
