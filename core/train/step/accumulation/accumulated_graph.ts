/**
 * The symbolic training pass of a method whose batch is larger than what a device takes at once.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../../errors/mod.ts";
import { currentRanks } from "../../../engine/graph/target.ts";
import { input, type Value } from "../../../engine/graph/value.ts";
import type { LoadedMethod } from "../../../method/load.ts";
import type { MethodGraphOptions } from "../method_graph.ts";
import { type Application, cutName } from "./cuts.ts";
import { applyInParts, leavesOf, type PartGraphs, rankBatchSize, wholeOutputs } from "./parts.ts";

/** What a method is applied to, and in what parts. */
export interface AccumulatedGraphOptions extends MethodGraphOptions {
  /** Samples that the device takes at once, a micro-batch; they divide the process's part of the batch. */
  readonly deviceBatchSize: number;
}

/** A view as a micro-batch reads it. */
export interface MicroView {
  /** Index of the view. */
  readonly view: number;
  /** The permutation of the whole batch in whose order its samples come; their own when left out. */
  readonly permutation?: string;
  /** The input, `[M,3,H,W]`. */
  readonly value: Value;
}

/** A method's graphs for a micro-batch of M samples, and for the whole batch. */
export interface AccumulatedGraph extends Omit<PartGraphs, "applications" | "shuffled"> {
  /** Samples in a micro-batch. */
  readonly deviceBatchSize: number;
  /** Micro-batches in the process's part of the batch. */
  readonly microBatches: number;
  /** What the whole batch takes over, as far as anything depends on it, in order. */
  readonly cuts: readonly Application[];
  /** The views of a micro-batch. */
  readonly views: readonly MicroView[];
}

function checkDeviceBatchSize(deviceBatchSize: number, batchSize: number, ranks: number): void {
  const part = rankBatchSize(batchSize, ranks);
  const divides = Number.isInteger(deviceBatchSize) && deviceBatchSize >= 1 &&
    part % deviceBatchSize === 0;
  if (divides) return;
  const whole = ranks === 1
    ? `--batch-size ${batchSize}`
    : `the ${part} samples that each of ${ranks} processes takes of --batch-size ${batchSize}`;
  throw new GenviewRangeError(
    `Cannot accumulate gradients: --device-batch-size must divide ${whole}, found ${deviceBatchSize}`,
  );
}

/**
 * Samples in a micro-batch of a configuration; undefined where the device takes its process's part of the batch at once.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { microBatchSize } from "./accumulated_graph.ts";
 *
 * assertEquals(microBatchSize({ batchSize: 256, deviceBatchSize: 64 }), 64);
 * assertEquals(microBatchSize({ batchSize: 256, deviceBatchSize: 0 }), undefined);
 * assertEquals(microBatchSize({ batchSize: 32, deviceBatchSize: 64 }), undefined);
 * assertEquals(microBatchSize({ batchSize: 256, deviceBatchSize: 64 }, 4), undefined);
 * ```
 *
 * @param ranks processes that share the batch
 * @throws {RangeError} if micro-batches do not fill a process's part of the batch
 */
export function microBatchSize(
  { batchSize, deviceBatchSize }: {
    readonly batchSize: number;
    readonly deviceBatchSize: number;
  },
  ranks = 1,
): number | undefined {
  if (deviceBatchSize === 0 || deviceBatchSize >= rankBatchSize(batchSize, ranks)) return undefined;
  checkDeviceBatchSize(deviceBatchSize, batchSize, ranks);
  return deviceBatchSize;
}

/**
 * Builds the training pass of a method for micro-batches. What it gives for the whole batch is what the method gives, but
 * that batch norm takes its statistics from a micro-batch, as on several devices without SyncBN. Where it is built for
 * several processes, the whole batch is that of all of them, and each has micro-batches of its own part.
 *
 * @throws {RangeError} if the micro-batch does not divide the batch
 * @throws {TypeError} if the method mixes samples before a network, or reads views without one, shuffles views that other
 * processes have, or for what `buildMethodGraph` throws
 */
export function buildAccumulatedGraph(
  method: LoadedMethod,
  { deviceBatchSize, ...options }: AccumulatedGraphOptions,
): AccumulatedGraph {
  const ranks = currentRanks();
  const ownBatchSize = rankBatchSize(options.batchSize, ranks);
  checkDeviceBatchSize(deviceBatchSize, options.batchSize, ranks);
  const { micro, whole, applications, shuffled, ...graphs } = applyInParts(
    method,
    { ...options, partSize: deviceBatchSize },
    (index, { dtype, shape: [, ...inner] }, views) =>
      input(cutName(index), dtype, [views * ownBatchSize, ...inner]),
  );
  if (ranks > 1 && shuffled.length > 0) {
    throw new GenviewTypeError(
      "Cannot accumulate gradients on several processes: a method that shuffles views takes the samples of other " +
        `processes, found that "${shuffled[0]!.permutation}" does; set --device-batch-size 0`,
    );
  }
  const leaves = leavesOf(wholeOutputs({ whole }));
  return {
    ...graphs,
    deviceBatchSize,
    microBatches: ownBatchSize / deviceBatchSize,
    micro,
    whole,
    cuts: applications.filter(({ own }) => leaves.has(own)),
    views: [
      ...micro.views.map((value, view) => ({ view, value })),
      ...shuffled.map(({ permutation, view, micro: value }) => ({ permutation, view, value })),
    ],
  };
}
