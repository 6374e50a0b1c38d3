/**
 * Contiguous parts of work that is divided among ranks.
 *
 * @module
 */

/** Some of a sequence, from `start` to before `end`. */
export interface RankPart {
  /** The first position. */
  readonly start: number;
  /** The first position behind. */
  readonly end: number;
}

/**
 * The contiguous part of a rank, in whole batches: every batch holds what it would hold if one process took them all, and
 * so what is computed of it is the same to the last bit. Parts differ by one batch at most, and follow in the order of
 * the ranks.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rankPart } from "./rank_part.ts";
 *
 * assertEquals([0, 1].map((rank) => rankPart(20, { rank, size: 2 }, 8)), [
 *   { start: 0, end: 8 },
 *   { start: 8, end: 20 },
 * ]);
 * ```
 *
 * @param length positions in all
 * @param place the rank among how many; all of it if left out
 * @param batchSize positions of a batch (default 1)
 */
export function rankPart(
  length: number,
  { rank, size }: { readonly rank: number; readonly size: number } = { rank: 0, size: 1 },
  batchSize: number = 1,
): RankPart {
  const batches = Math.ceil(length / batchSize);
  const bound = (before: number) =>
    Math.min(length, Math.floor(before * batches / size) * batchSize);
  return { start: bound(rank), end: bound(rank + 1) };
}
