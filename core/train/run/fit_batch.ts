/**
 * Batches for data sets that have fewer images than a preset's batch.
 *
 * @module
 */
import type { Configuration } from "../../method/configuration.ts";

/** A configuration whose batch fits a data set. */
export interface FittedBatch {
  /** The configuration, with the batch size and learning rate that fit. */
  readonly configuration: Configuration;
  /** What was changed, in a sentence; undefined if nothing was. */
  readonly note?: string;
}

/**
 * Lowers a batch that is larger than the data set to the largest power of two of which an epoch has two or more. The
 * learning rate follows by the linear rule: by `baseBatchSize`, which every schedule applies, or directly where that is 0.
 *
 * Source: Goyal et al. 2017, arXiv 1706.02677, section 2.1.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveConfiguration } from "../../method/resolve_configuration.ts";
 * import { fitBatch } from "./fit_batch.ts";
 *
 * const { configuration } = fitBatch(resolveConfiguration({ batchSize: 512 }), 100);
 * assertEquals(configuration.batchSize, 32);
 * ```
 *
 * @param samples samples in the data set
 */
export function fitBatch(configuration: Configuration, samples: number): FittedBatch {
  const { batchSize: before, baseBatchSize, learningRate } = configuration;
  if (samples >= before || samples < 2) return { configuration };
  const batchSize = 2 ** Math.floor(Math.log2(samples / 2));
  const scaled = baseBatchSize === 0 ? learningRate * batchSize / before : learningRate;
  const rate = (rate: number, batch: number) =>
    (baseBatchSize === 0 ? rate : rate * batch / baseBatchSize).toPrecision(3);
  return {
    configuration: { ...configuration, batchSize, learningRate: scaled },
    note:
      `the preset's batch of ${before} images is larger than the data set, which has ${samples}: batches have ` +
      `${batchSize} (--batch-size), and the learning rate is ${
        rate(scaled, batchSize)
      } in place of ` +
      `${rate(learningRate, before)}, by the linear rule`,
  };
}
