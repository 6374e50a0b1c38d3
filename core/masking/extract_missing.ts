/**
 * Resumable extraction of features.
 *
 * @module
 */
import { dirname } from "node:path";
import { type Dataset, subset } from "../data/mod.ts";
import { gatherParts, inShares, type ProcessGroup, rankPart } from "../distributed/mod.ts";
import { TokenEncoder, type TokenNetwork } from "../encoders/token_encoder.ts";
import { tensor } from "../engine/graph/tensor.ts";
import type { Placement } from "../engine/ort/mod.ts";
import { fileError } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { removeTemporaries } from "../files/new_file.ts";
import type { ExtractionEvent } from "./extraction_event.ts";
import { type FeatureDType, FeatureFiles, isRefusedName } from "./feature_files.ts";
import { encodeDataset, runSize } from "./token_batches.ts";

/** How {@linkcode extractMissing} runs. */
export interface ExtractMissingOptions extends Placement {
  /** Folder of this network's features. */
  readonly folder: string;
  /** Element type of the stored features. */
  readonly dtype: FeatureDType;
  /** Images in a run, at most; a device takes no more than it gains by. */
  readonly batchSize: number;
  /** Threads that decode; 0 (the default) uses the native pool. */
  readonly workers?: number | undefined;
  /** Ends the extraction after the batch that is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Receives progress and warnings; of several ranks, on the first, for all. */
  readonly report?: ((event: ExtractionEvent) => void) | undefined;
  /** Ranks that each extract a part, all into the same folder; the first has locked it. */
  readonly group?: ProcessGroup | undefined;
}

/** What {@linkcode extractMissing} has done. */
export interface ExtractedFeatures {
  /** Whether all images were visited; not so if the signal ended it. */
  readonly finished: boolean;
  /** Keys of images whose features cannot be stored, because the file system takes no file of their name. */
  readonly refused: readonly string[];
}

/** Indices of the samples that have no features yet; ranks look for a part each, before any of them writes. */
async function missingOf(
  dataset: Dataset,
  indices: readonly number[],
  files: FeatureFiles,
  group: ProcessGroup | undefined,
): Promise<number[]> {
  const missing: number[] = [];
  const { start, end } = rankPart(indices.length, group);
  for (const index of indices.slice(start, end)) {
    if (!await files.has(dataset.sample(index).key)) missing.push(index);
  }
  return [...await gatherParts(group, Int32Array.from(missing))];
}

/** Removes what a killed process has left half written: it was writing features that are missing now. */
async function tidy(paths: readonly string[]): Promise<void> {
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    try {
      await ifThere(removeTemporaries(folder));
    } catch (error) {
      // Writing there says of the image why it cannot be.
      if (!isRefusedName(error)) throw fileError(`read ${folder}`, error);
    }
  }
}

/** Extracts the features of samples that have none. */
async function extract(
  network: TokenNetwork,
  images: Dataset,
  options: Omit<ExtractMissingOptions, "group">,
): Promise<ExtractedFeatures> {
  const { folder, dtype, device, threads, signal, workers, batchSize, report = () => {} } = options;
  const refused: string[] = [];
  const total = images.length;
  if (total === 0) return { finished: true, refused };
  const files = new FeatureFiles(folder);
  using encoder = await TokenEncoder.create(network, { batchSize, device, threads });
  const shape = [network.grid[0] * network.grid[1], network.width];
  const step = shape[0]! * shape[1]!;
  let done = 0;
  // From here on time counts: what follows is the work, and no loading.
  report({ kind: "progress", phase: "features", done, total });
  const onWarning = (message: string) => {
    done++;
    report({ kind: "warning", message });
  };
  for await (
    const { keys, encoded } of encodeDataset(encoder, images, {
      batchSize,
      workers,
      signal,
      onWarning,
    })
  ) {
    for (const [i, key] of keys.entries()) {
      const tokens = tensor("float32", shape, encoded.data.subarray(i * step, (i + 1) * step));
      try {
        await files.write(key, tokens, dtype);
      } catch (error) {
        if (!isRefusedName(error)) throw error;
        refused.push(key);
        report({ kind: "warning", message: (error as Error).message });
      }
    }
    report({ kind: "progress", phase: "features", done: done += keys.length, total });
  }
  return { finished: signal?.aborted !== true, refused };
}

/** Extracts on all ranks, each a part in whole batches. */
async function extractByRank(
  network: TokenNetwork,
  images: Dataset,
  options: ExtractMissingOptions,
  group: ProcessGroup,
): Promise<ExtractedFeatures> {
  const { signal, batchSize, report } = options;
  const { start, end } = rankPart(images.length, group, batchSize);
  const own = subset(images, Array.from({ length: end - start }, (_, i) => start + i));
  const done = new Array<number>(group.size).fill(0);
  const found = await inShares<ExtractionEvent, ExtractedFeatures>(
    group,
    (share) => extract(network, own, { ...options, ...share }),
    {
      signal,
      take: (event, rank) => {
        if (event.kind !== "progress") return report?.(event);
        done[rank] = event.done;
        const sum = done.reduce((before, count) => before + count);
        report?.({ ...event, done: sum, total: images.length });
      },
    },
  );
  const all = await group.allGatherValues(found);
  return {
    finished: all.every(({ finished }) => finished),
    refused: all.flatMap(({ refused }) => refused),
  };
}

/**
 * Extracts the features of those samples that have none yet. Images that cannot be read, and those whose features the
 * file system takes no name for, are reported and left out.
 *
 * @param indices of the samples
 * @throws {GenviewError} if a file cannot be written for another reason, such as a full disk
 */
export async function extractMissing(
  network: TokenNetwork,
  dataset: Dataset,
  indices: readonly number[],
  options: ExtractMissingOptions,
): Promise<ExtractedFeatures> {
  const { folder, device, group, report } = options;
  const leads = group === undefined || group.rank === 0;
  const files = new FeatureFiles(folder);
  const missing = await missingOf(dataset, indices, files, group);
  if (leads) await tidy(missing.map((index) => files.path(dataset.sample(index).key)));
  await group?.barrier();
  const total = missing.length;
  if (total < indices.length && leads) {
    report?.({ kind: "present", images: indices.length - total, total: indices.length });
  }
  if (total === 0) return { finished: true, refused: [] };
  // As one process has it, whatever the part of this one.
  const run = { ...options, batchSize: runSize(options.batchSize, total, device) };
  const images = subset(dataset, missing);
  return group === undefined
    ? await extract(network, images, run)
    : await extractByRank(network, images, run, group);
}
