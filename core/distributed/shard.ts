/**
 * Shards: the shares of work that is divided among processes.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";

/** The share of one rank among several that load the same data set. */
export interface Shard {
  /** In [0, count). */
  readonly index: number;
  /** How many shares there are. */
  readonly count: number;
}

/** All of the work. */
export const WHOLE: Shard = { index: 0, count: 1 };

/** A shard as text, `i/n`. */
export function formatShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/**
 * A shard from text: `i/n` with i in [0, n).
 *
 * @throws {SyntaxError} if the text is of another form, or i is out of range
 */
export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && index < count) return { index, count };
  throw new GenviewSyntaxError(
    `Cannot divide the work: a shard must be i/n with i from 0 to n - 1, found "${text}"`,
  );
}

/**
 * The shard that a shard's own share has in the whole: shard `inner` of what `outer` has.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const [outer, inner] = [{ index: 1, count: 2 }, { index: 2, count: 3 }];
 * const items = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
 * assertEquals(shareOf(items, subShard(outer, inner)), shareOf(shareOf(items, outer), inner));
 * ```
 */
export function subShard(outer: Shard, inner: Shard): Shard {
  return { index: outer.index + inner.index * outer.count, count: outer.count * inner.count };
}

/** The items of a shard: every n-th, beginning with the i-th. Of all shards together, each item is in just one. */
export function shareOf<T>(items: readonly T[], { index, count }: Shard): T[] {
  return items.filter((_, i) => i % count === index);
}
