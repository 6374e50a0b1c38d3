/**
 * The arena that ONNX Runtime takes the memory of intermediate values from, without the memory.
 *
 * @module
 */

/** Blocks are multiples of this many bytes. */
const GRANULE = 256;

/** A free block this much larger than what is asked for is split, however large that is. */
const LARGEST_WASTE = 128 << 20;

/** Number of size classes; each holds blocks of up to twice the size of the one before. */
const CLASSES = 21;

/** A block of memory, in use or free. */
export interface Block {
  /** Bytes that it takes. */
  size: number;
  free: boolean;
  /** The blocks before and after it in the same region. */
  previous?: Block;
  next?: Block;
  /** Position among all blocks that were ever made, in place of an address. */
  readonly region: number;
  offset: number;
}

function sizeClass(size: number): number {
  return Math.min(CLASSES - 1, Math.floor(Math.log2(size / GRANULE)));
}

/**
 * The best-fit arena with coalescing that ONNX Runtime allocates from, extended by exactly what is asked for as
 * `environment()` sets it up. What it has taken from the system it keeps.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena } from "./arena.ts";
 *
 * const arena = new Arena();
 * arena.release(arena.take(1000));
 * arena.take(600);
 * assertEquals(arena.bytes, 1024);
 * ```
 *
 * Source: ONNX Runtime, `BFCArena` with `kSameAsRequested`.
 */
export class Arena {
  readonly #free: Set<Block>[] = Array.from({ length: CLASSES }, () => new Set());
  #bytes = 0;
  #regions = 0;

  /** Bytes taken from the system. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a block of at least a number of bytes. */
  take(bytes: number): Block {
    const size = Math.max(GRANULE, Math.ceil(bytes / GRANULE) * GRANULE);
    const block = this.#find(size) ?? this.#extend(size);
    this.#free[sizeClass(block.size)]!.delete(block);
    block.free = false;
    if (block.size >= 2 * size || block.size - size >= LARGEST_WASTE) this.#split(block, size);
    return block;
  }

  /** Gives a block back, and joins it with free neighbours. */
  release(block: Block): void {
    block.free = true;
    let whole = block;
    if (whole.next?.free) whole = this.#join(whole, whole.next);
    if (whole.previous?.free) whole = this.#join(whole.previous, whole);
    this.#free[sizeClass(whole.size)]!.add(whole);
  }

  /** The smallest free block that is large enough, the first of equals. */
  #find(size: number): Block | undefined {
    for (let i = sizeClass(size); i < CLASSES; i++) {
      let best: Block | undefined;
      for (const block of this.#free[i]!) {
        if (block.size < size) continue;
        if (best === undefined || isBefore(block, best)) best = block;
      }
      if (best !== undefined) return best;
    }
    return undefined;
  }

  #extend(size: number): Block {
    this.#bytes += size;
    return { size, free: true, region: this.#regions++, offset: 0 };
  }

  #split(block: Block, size: number): void {
    const rest: Block = {
      size: block.size - size,
      free: true,
      previous: block,
      ...(block.next && { next: block.next }),
      region: block.region,
      offset: block.offset + size,
    };
    if (block.next) block.next.previous = rest;
    block.next = rest;
    block.size = size;
    this.#free[sizeClass(rest.size)]!.add(rest);
  }

  #join(first: Block, second: Block): Block {
    for (const block of [first, second]) this.#free[sizeClass(block.size)]!.delete(block);
    first.size += second.size;
    if (second.next) {
      first.next = second.next;
      second.next.previous = first;
    } else delete first.next;
    return first;
  }
}

/** Whether a block is chosen before another: by size, then by address. */
function isBefore(block: Block, other: Block): boolean {
  if (block.size !== other.size) return block.size < other.size;
  if (block.region !== other.region) return block.region < other.region;
  return block.offset < other.offset;
}
