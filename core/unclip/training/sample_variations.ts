/**
 * Variations of samples of a data set at several noise levels, in memory.
 *
 * @module
 */
import type { RgbImage, Sample } from "../../data/dataset.ts";
import { GenviewError } from "../../errors/mod.ts";
import { networkFailure } from "../../variations/progress.ts";
import { generateVariations } from "../generate_variations.ts";
import type { UnclipPipeline } from "../pipeline.ts";
import type { KeptVariations } from "./kept_variations.ts";

/** How samples are varied. */
export interface SampleVariationsOptions {
  /** Noise levels. */
  readonly levels: readonly number[];
  /** Seed of all noise; with it and its key a sample's variations are always the same (default 0). */
  readonly seed?: number | undefined;
  /** The prompt (default empty). */
  readonly prompt?: string | undefined;
  /** The negative prompt (default empty). */
  readonly negativePrompt?: string | undefined;
  /** Variations that are denoised together. */
  readonly batchSize: number;
  /** Those that were made before, which are not made again, and where the others are kept (default none). */
  readonly kept?: KeptVariations | undefined;
  /** Called with how many have been made now. */
  readonly onMade?: ((made: number) => void) | undefined;
  /** Ends the work between two calls of a network. */
  readonly signal?: AbortSignal | undefined;
}

/** Noise levels from the image itself to others of its kind, as GenView's pipeline gives them. */
export const SAMPLE_LEVELS: readonly number[] = [0, 100, 200, 300, 400];

/**
 * One variation of each sample at each level.
 *
 * @returns by level, in the order of the samples
 * @throws {UnreadableImageError} if an image cannot be read
 * @throws {GenviewError} if a network's output is not finite
 */
export async function sampleVariations(
  pipeline: UnclipPipeline,
  samples: readonly Sample[],
  { levels, seed = 0, prompt = "", negativePrompt = "", batchSize, kept, onMade, signal }:
    SampleVariationsOptions,
): Promise<ReadonlyMap<number, readonly RgbImage[]>> {
  const wanted = samples.flatMap(({ key, source }) =>
    levels.map((level) => ({ key, source, level, index: 0 }))
  );
  const made = new Map<number, RgbImage[]>(levels.map((level) => [level, []]));
  const before = kept?.images ?? [];
  before.forEach((image, i) => made.get(wanted[i]!.level)!.push(image));
  let count = 0;
  const batches = generateVariations(pipeline, wanted.slice(before.length), {
    ...{ seed, batchSize, prompt, negativePrompt },
    ...(signal && { signal }),
    onUnreadable: (error) => {
      throw error;
    },
    onFailure: ({ key, level }, stage) => {
      const { message } = networkFailure(key, `${key} at level ${level}`, stage, "float32");
      throw new GenviewError(message);
    },
  });
  for await (const batch of batches) {
    for (const { wanted: { level }, image } of batch) made.get(level)!.push(image);
    await kept?.append(batch.map(({ image }) => image));
    count += batch.length;
    onMade?.(count);
  }
  return made;
}
