import { GenviewRangeError } from "../../errors/mod.ts";
/**
 * A learning rate for another batch size: proportional to it
 * ({@link https://arxiv.org/abs/1706.02677 | Goyal et al. 2017}, section 2.1).
 *
 * ```ts
 * import { scaledLearningRate } from "./scaled_learning_rate.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(scaledLearningRate(0.05, 512, 256), 0.1);
 * ```
 *
 * @param batchSize samples in a step, over all devices
 * @param baseBatchSize the batch size that the learning rate is stated for, or 0 to leave it as it is
 * @throws {RangeError} if a batch size is not an integer in its range
 */
export function scaledLearningRate(
  learningRate: number,
  batchSize: number,
  baseBatchSize: number,
): number {
  if (
    !Number.isInteger(batchSize) || batchSize < 1 ||
    !Number.isInteger(baseBatchSize) || baseBatchSize < 0
  ) {
    throw new GenviewRangeError(
      `Cannot scale the learning rate: batch sizes must be positive integers, found ${batchSize} and ${baseBatchSize}`,
    );
  }
  return baseBatchSize === 0 ? learningRate : learningRate * batchSize / baseBatchSize;
}
