/**
 * Streams of random numbers, each named by a seed and the path of what it is for.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { philox4x32 } from "./philox.ts";

/** FNV-1a over the UTF-16 units of a text, starting from `hash`. */
function hashText(text: string, hash: number): number {
  let result = hash >>> 0;
  for (let i = 0; i < text.length; i++) {
    result = Math.imul(result ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return result;
}

/**
 * A stream of random numbers that depends only on its seed and its path, for example
 * `new RandomStream(seed, "views", epoch, sample, view)`.
 *
 * ```ts
 * import { RandomStream } from "./random_stream.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const first = new RandomStream(0, "crop", 3, 17).uniform();
 * assertEquals(new RandomStream(0, "crop", 3, 17).uniform(), first);
 * ```
 */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #words = new Uint32Array(4);
  readonly #high: number;
  readonly #low: number;
  #block = 0;
  #next = 4;
  #spareNormal: number | undefined;

  /**
   * The stream of a seed and a path.
   *
   * @param seed an integer in [0, 2^53)
   * @param path what the stream is for; texts and integers
   */
  constructor(seed: number, ...path: readonly (string | number)[]) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new GenviewRangeError(
        `Cannot make a random stream: the seed must be an integer in [0, 2^53), found ${seed}`,
      );
    }
    const name = path.map((part) => `${typeof part}:${part}`).join("/");
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    this.#high = hashText(name, 0x811c9dc5);
    this.#low = hashText(name, 0x9747b28c);
  }

  /** The next random 32-bit unsigned integer. */
  uint32(): number {
    if (this.#next === 4) {
      philox4x32(
        [this.#block >>> 0, Math.floor(this.#block / 2 ** 32), this.#low, this.#high],
        this.#key,
        this.#words,
      );
      this.#block++;
      this.#next = 0;
    }
    return this.#words[this.#next++]!;
  }

  /** The next number, uniform in [low, high), with 53 random bits. */
  uniform(low = 0, high = 1): number {
    const unit = ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
    return low + (high - low) * unit;
  }

  /** The next number of a normal distribution, by Box and Muller's transform. */
  normal(mean = 0, standardDeviation = 1): number {
    if (this.#spareNormal !== undefined) {
      const value = this.#spareNormal;
      this.#spareNormal = undefined;
      return mean + standardDeviation * value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return mean + standardDeviation * radius * Math.cos(angle);
  }

  /** The next integer, uniform in [0, bound), without bias. */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new GenviewRangeError(
        `Cannot draw an integer: the bound must be an integer in [1, 2^32], found ${bound}`,
      );
    }
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % bound;
  }

  /** Whether an event of this probability happens. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** A random order of the integers 0 to `length` - 1, by Fisher and Yates. */
  permutation(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = order[i]!;
      order[i] = order[j]!;
      order[j] = held;
    }
    return order;
  }
}
