/**
 * The nearest neighbours of features in a bank of features.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { type SimilarityOptions, similarityRows } from "./similarities.ts";

/** Options of {@linkcode nearestNeighbors}. */
export interface NearestNeighborsOptions extends SimilarityOptions {
  /** Number of neighbours. */
  readonly k: number;
  /** Rows of the bank that are no neighbours of a query, such as the query itself (default none). */
  readonly excluded?: (query: number) => readonly number[];
}

/** Neighbours, row-major `[N,k]`, the nearest first. */
export interface NearestNeighbors {
  /** Rows of the bank. */
  readonly indices: Int32Array;
  /** Similarities: cosines, or what {@linkcode SimilarityRow} says of other distances. */
  readonly similarities: Float32Array;
}

/** Number of neighbours where none is asked for. */
export const DEFAULT_NEIGHBORS = 20;

/**
 * The number of neighbours: the one that is asked for; otherwise 20, or all that there are where they are fewer.
 *
 * @param k what is asked for, if anything
 * @param bank rows of the bank
 * @param excluded rows of it that are no neighbours of some query, at most
 * @throws {RangeError} if there are not as many
 */
export function neighborCount(k: number | undefined, bank: number, excluded: number): number {
  const most = bank - excluded;
  if (most < 1) {
    throw new GenviewRangeError(
      `Cannot find neighbors: the bank must have a row${
        excluded > 0 ? " beside the query" : ""
      }, found none`,
    );
  }
  const count = k ?? Math.min(DEFAULT_NEIGHBORS, most);
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new GenviewRangeError(
      `Cannot find neighbors: k must be an integer in [1, ${most}], found ${count}`,
    );
  }
  return count;
}

/** Largest number of rows that are excluded from the neighbours of one query. */
export function mostExcluded(
  excluded: (query: number) => readonly number[],
  queries: number,
): number {
  let most = 0;
  for (let query = 0; query < queries; query++) most = Math.max(most, excluded(query).length);
  return most;
}

/** The largest values of a row, in place and in order; among equal ones the first. */
class Largest {
  readonly values: Float32Array;
  readonly indices: Int32Array;
  #count = 0;

  constructor(k: number) {
    this.values = new Float32Array(k);
    this.indices = new Int32Array(k);
  }

  find(row: Float32Array): void {
    const { values } = this;
    const last = values.length - 1;
    this.#count = 0;
    for (let i = 0; i < row.length; i++) {
      const value = row[i]!;
      if (this.#count > last && value <= values[last]!) continue;
      this.#insert(value, i);
    }
  }

  #insert(value: number, index: number): void {
    const { values, indices } = this;
    const end = Math.min(this.#count, values.length - 1);
    let low = 0;
    for (let high = end; low < high;) {
      const middle = (low + high) >> 1;
      if (values[middle]! >= value) low = middle + 1;
      else high = middle;
    }
    values.copyWithin(low + 1, low, end);
    indices.copyWithin(low + 1, low, end);
    values[low] = value;
    indices[low] = index;
    this.#count = end + 1;
  }
}

/**
 * The k rows of a bank that are most similar to each query; among equal ones those that come first.
 *
 * @param bank float32 `[M,D]`
 * @param queries float32 `[N,D]`
 * @throws {RangeError} if the features do not fit together, or the bank has fewer than k others
 */
export async function nearestNeighbors(
  bank: Tensor<"float32">,
  queries: Tensor<"float32">,
  options: NearestNeighborsOptions,
): Promise<NearestNeighbors> {
  const { excluded = () => [] } = options;
  const k = neighborCount(options.k, bank.shape[0]!, mostExcluded(excluded, queries.shape[0]!));
  const indices = new Int32Array(queries.shape[0]! * k);
  const similarities = new Float32Array(indices.length);
  const largest = new Largest(k);
  for await (const row of similarityRows(bank, queries, options)) {
    // Below every similarity, and so behind every other row: there are k of those.
    for (const i of excluded(row.query)) row.similarities[i] = -Infinity;
    largest.find(row.similarities);
    indices.set(largest.indices, row.query * k);
    similarities.set(largest.values, row.query * k);
  }
  return { indices, similarities };
}
