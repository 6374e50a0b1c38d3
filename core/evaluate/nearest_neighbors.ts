/**
 * The nearest neighbours of features in a bank of features.
 *
 * @module
 */
import { gatherParts } from "../distributed/mod.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { comparedQueries, similarityBlocks, type SimilarityOptions } from "./similarities.ts";

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

/** The largest values of rows that come in parts, in place and in order; among equal ones the first. */
class Largest implements NearestNeighbors {
  readonly similarities: Float32Array<ArrayBuffer>;
  readonly indices: Int32Array<ArrayBuffer>;
  readonly #k: number;
  readonly #counts: Int32Array;

  constructor(rows: number, k: number) {
    this.similarities = new Float32Array(rows * k);
    this.indices = new Int32Array(rows * k);
    this.#k = k;
    this.#counts = new Int32Array(rows);
  }

  /** Takes the next part of a row, which begins at a position. */
  take(row: number, part: Float32Array, position: number): void {
    const start = row * this.#k;
    const values = this.similarities.subarray(start, start + this.#k);
    const indices = this.indices.subarray(start, start + this.#k);
    const last = this.#k - 1;
    let count = this.#counts[row]!;
    for (let i = 0; i < part.length; i++) {
      const value = part[i]!;
      if (count > last && value <= values[last]!) continue;
      count = insert(values, indices, count, value, position + i);
    }
    this.#counts[row] = count;
  }
}

/** Inserts a value behind those that are as large, and gives how many there are then. */
function insert(
  values: Float32Array,
  indices: Int32Array,
  count: number,
  value: number,
  index: number,
): number {
  const end = Math.min(count, values.length - 1);
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
  return end + 1;
}

/**
 * The k rows of a bank that are most similar to each query; among equal ones those that come first. Several ranks look
 * them up each for a part of the queries, and all have all afterwards, to the last bit what one process finds.
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
  const largest = new Largest(queries.shape[0]!, k);
  for await (const { firstQuery, firstBank, rows } of similarityBlocks(bank, queries, options)) {
    for (const [row, similarities] of rows.entries()) {
      const query = firstQuery + row;
      for (const index of excluded(query)) {
        const position = index - firstBank;
        // Below every similarity, and so behind every other row: there are k of those.
        if (position >= 0 && position < similarities.length) similarities[position] = -Infinity;
      }
      largest.take(query, similarities, firstBank);
    }
  }
  const { indices, similarities } = largest;
  const { start, end } = comparedQueries(queries.shape[0]!, bank.shape[0]!, options.group);
  return {
    indices: await gatherParts(options.group, indices.subarray(k * start, k * end)),
    similarities: await gatherParts(options.group, similarities.subarray(k * start, k * end)),
  };
}
