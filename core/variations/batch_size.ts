/**
 * How many variations are denoised together.
 *
 * @module
 */
import { isSmallGenerator, type UnclipModel } from "../unclip/mod.ts";

/** On devices: Stable unCLIP's maps of so many images keep one busy, and fit into its memory. */
const ON_DEVICE = 12;

/** Of small UNets on the CPU, whose copies then share a batch on its cores. */
const OF_SMALL = 32;

/**
 * How many variations are denoised together at most, where nobody says so: 12 on devices; on the CPU 32 by a UNet of at most
 * 64 MiB, and 1 by a larger one, which gains nothing by more.
 *
 * @throws {Deno.errors.NotFound} if the model's folder has no weights of a UNet
 */
export async function defaultBatchSize(model: UnclipModel): Promise<number> {
  if (model.device.provider !== "cpu") return ON_DEVICE;
  return await isSmallGenerator(model) ? OF_SMALL : 1;
}

/**
 * The size of batches that are as few as they can be and all about as large, since a network takes its whole batch also where
 * fewer variations are left. It is that of all variations of a list, whichever of them are there or in other hands: a product
 * may sum in another order where it has other rows.
 *
 * @param most variations that are denoised together at most
 * @param count variations of the list
 * @returns at least 1
 *
 * @example 33 variations, at most 32 of them together
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { evenBatchSize } from "./batch_size.ts";
 *
 * assertEquals(evenBatchSize(32, 33), 17);
 * ```
 */
export function evenBatchSize(most: number, count: number): number {
  const batches = Math.ceil(count / most);
  return batches === 0 ? 1 : Math.ceil(count / batches);
}

/** Rows of a part of a batch: batches of a small generator on the CPU are parts of so many, which its copies share. */
const ROWS_OF_A_PART = 4;

/**
 * The size of the batches of a list, by a model: even ones ({@linkcode evenBatchSize}), and by a small generator on the CPU
 * of a multiple of 4 rows where they have more, which several copies of it can share.
 *
 * @param count variations of the list
 * @param most variations that are denoised together at most (default {@linkcode defaultBatchSize})
 * @throws what `defaultBatchSize` throws
 */
export async function batchSizeOf(
  model: UnclipModel,
  count: number,
  most?: number,
): Promise<number> {
  const largest = most ?? await defaultBatchSize(model);
  const even = evenBatchSize(largest, count);
  const isShared = model.device.provider === "cpu" && await isSmallGenerator(model);
  if (!isShared || even <= ROWS_OF_A_PART) return even;
  return Math.min(largest, ROWS_OF_A_PART * Math.ceil(even / ROWS_OF_A_PART));
}
