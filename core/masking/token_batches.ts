/**
 * Runs of a network over the images of a data set.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import type { TokenEncoder } from "../encoders/token_encoder.ts";
import { type Dataset, evaluationLoader, isShardName } from "../data/mod.ts";
import type { Device } from "../engine/ort/mod.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";

/** Images in one run, at most: more gain no speed and take memory, some 16 MB each for ViT-H-14. */
const LARGEST_RUN = { cpu: 16, cuda: 256, webgpu: 16 } as const;

/** Images in a run: as many as asked for, unless the device gains nothing by it or there are not as many. */
export function runSize(asked: number, images: number, { provider }: Device): number {
  return Math.max(1, Math.min(asked, images, LARGEST_RUN[provider]));
}

/**
 * The place that the keys of a data set are relative to, which tells images of one key in two places apart: a folder, a
 * list's folder, the path of shards, the name of drawn images, or `absolute paths`.
 *
 * @param place folder or list of the images, or the name of drawn ones; by default the data set's name
 * @throws {GenviewError} if the system refuses to look
 */
export async function imagesRoot(
  dataset: Dataset,
  place: string = dataset.name,
): Promise<string> {
  // Patterns are no file's name, and keys of shards are relative to what the shards are called.
  if (isShardName(place)) return resolve(place);
  const action = `open ${place}`;
  const information = await explainingFileErrors(action, ifThere(Deno.stat(place)));
  if (information === undefined) return place;
  const path = await explainingFileErrors(action, Deno.realPath(place));
  if (information.isDirectory) return path;
  for (let i = 0; i < dataset.length; i++) {
    if (!dataset.sample(i).key.startsWith("/")) return dirname(path);
  }
  return "absolute paths";
}

/** The encoded images of one batch. */
export interface EncodedBatch {
  /** Keys of the images, in the order of the rows. */
  readonly keys: readonly string[];
  /** Tokens float32 `[n, P, D]`, or scores `[n, P]`. */
  readonly encoded: Tensor<"float32">;
}

/** How {@linkcode encodeDataset} runs. */
export interface EncodeOptions {
  /** Images in a run. */
  readonly batchSize: number;
  /** Threads that decode; 0 (the default) uses the native pool. */
  readonly workers?: number | undefined;
  /** Ends the iteration after the batch that is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the images that cannot be read; they are left out. */
  readonly onWarning: (message: string) => void;
}

/** Encodes the images of a data set batch by batch, in order. */
export async function* encodeDataset(
  encoder: TokenEncoder,
  dataset: Dataset,
  { batchSize, workers = 0, signal, onWarning }: EncodeOptions,
): AsyncGenerator<EncodedBatch> {
  const loader = evaluationLoader(dataset, encoder.network.view, { batchSize, workers, onWarning });
  for await (const { indices, images } of loader) {
    if (indices.length > 0) {
      const keys = indices.map((index) => dataset.sample(index).key);
      yield { keys, encoded: await encoder.encode(images) };
    }
    if (signal?.aborted) return;
  }
}
