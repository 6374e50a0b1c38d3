/**
 * Stochastic depth: residual branches of transformers that are left out at random while a network is trained
 * ({@link https://arxiv.org/abs/1603.09382 | Huang et al. 2016}).
 *
 * @module
 */
import type { RandomStream } from "../engine/random/random_stream.ts";

/** Residual branches of a transformer's block: attention and feed-forward. */
const PER_BLOCK = 2;

/** Name of the input that says how much of a branch is kept. */
export function dropPathName(branch: number): string {
  return `drop_path.${branch}`;
}

/**
 * The probability that a branch is left out: it rises evenly from none in the first block to the rate in the last.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dropProbability } from "./drop_path.ts";
 *
 * assertEquals([0, 1, 2, 3, 4, 5].map((branch) => dropProbability(0.2, branch, 6)), [0, 0, 0.1, 0.1, 0.2, 0.2]);
 * ```
 *
 * @param branch number of the branch, in the order in which branches are added
 * @param branches all of them
 */
export function dropProbability(rate: number, branch: number, branches: number): number {
  const last = branches / PER_BLOCK - 1;
  return last === 0 ? 0 : rate * Math.floor(branch / PER_BLOCK) / last;
}

/**
 * How much of a branch each sample keeps: nothing with a probability p, and otherwise 1/(1 - p) of it, so that the mean
 * stays.
 *
 * @returns `[samples]`
 */
export function dropPathShares(
  samples: number,
  probability: number,
  random: RandomStream,
): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: samples },
    () => random.chance(probability) ? 0 : 1 / (1 - probability),
  );
}
