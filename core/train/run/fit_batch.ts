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

/** The largest power of two within what the device took at once of a larger batch; 0 for the whole of this one. */
function fitDeviceBatch(deviceBatchSize: number, batchSize: number): number {
  if (deviceBatchSize === 0 || deviceBatchSize >= batchSize) return 0;
  return 2 ** Math.floor(Math.log2(deviceBatchSize));
}

/**
 * Lowers a batch that is larger than the data set to the largest power of two of which an epoch has two or more. The
 * learning rate follows by the linear rule: by `baseBatchSize`, which every schedule applies, or directly where that is 0. What the device takes at once divides it.
 *
 * Source: Goyal et al. 2017, arXiv 1706.02677, section 2.1.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveConfiguration } from "../../method/resolve_configuration.ts";
 * import { fitBatch } from "./fit_batch.ts";
 *
 * const preset = resolveConfiguration({ batchSize: 512, deviceBatchSize: 12 });
 * const { batchSize, deviceBatchSize } = fitBatch(preset, 100).configuration;
 * assertEquals([batchSize, deviceBatchSize], [32, 8]);
 * ```
 *
 * @param samples samples in the data set
 */
export function fitBatch(configuration: Configuration, samples: number): FittedBatch {
  const { batchSize: before, deviceBatchSize: atOnce, baseBatchSize, learningRate } = configuration;
  if (samples >= before || samples < 2) return { configuration };
  const batchSize = 2 ** Math.floor(Math.log2(samples / 2));
  const scaled = baseBatchSize === 0 ? learningRate * batchSize / before : learningRate;
  const rate = (rate: number, batch: number) =>
    (baseBatchSize === 0 ? rate : rate * batch / baseBatchSize).toPrecision(3);
  return {
    configuration: {
      ...configuration,
      batchSize,
      deviceBatchSize: fitDeviceBatch(atOnce, batchSize),
      learningRate: scaled,
    },
    note:
      `the preset's batch of ${before} images is larger than the data set, which has ${samples}: batches have ` +
      `${batchSize} (--batch-size), and the learning rate is ${
        rate(scaled, batchSize)
      } in place of ` +
      `${rate(learningRate, before)}, by the linear rule`,
  };
}
