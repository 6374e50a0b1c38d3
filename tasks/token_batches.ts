/**
 * Runs of a network over the images of a data set, with progress.
 *
 * @module
 */
import { dirname } from "node:path";
import type { TokenEncoder } from "../core/encoders/token_encoder.ts";
import { type Dataset, datasetOf, evaluationLoader } from "../core/data/mod.ts";
import type { Device } from "../core/engine/ort/mod.ts";
import type { Tensor } from "../core/engine/graph/tensor.ts";
import { ProgressLine } from "./cli/progress_line.ts";
import { ifThere } from "../core/files/if_there.ts";

/** Images in one run, at most: more gain no speed and take memory, some 16 MB each for ViT-H-14. */
const LARGEST_RUN = { cpu: 16, cuda: 256, webgpu: 16 } as const;

/** Images in a run: what was asked for, unless the device gains nothing by it or there are not as many. */
export function runSize(asked: number, images: number, { provider }: Device): number {
  return Math.max(1, Math.min(asked, images, LARGEST_RUN[provider]));
}

/** Some samples of a data set, in this order. */
export function subset(dataset: Dataset, indices: readonly number[]): Dataset {
  const sample = (i: number) => dataset.sample(indices[i]!);
  return datasetOf(dataset.name, indices.length, sample, dataset.classes);
}

/** Indices of the first sample of each key: an image that is listed twice is taken once. */
export function uniqueIndices(dataset: Dataset): number[] {
  const seen = new Set<string>();
  const indices: number[] = [];
  for (let i = 0; i < dataset.length; i++) {
    const { key } = dataset.sample(i);
    if (seen.has(key)) continue;
    seen.add(key);
    indices.push(i);
  }
  return indices;
}

/**
 * What the keys of a data set are relative to, so that images of one key but of two places are not taken for one:
 * a folder, a list's folder, the name of drawn images, or nothing where all paths are absolute.
 */
export async function imagesRoot(input: string, dataset: Dataset): Promise<string> {
  const information = await ifThere(Deno.stat(input));
  if (information === undefined) return input;
  const path = await Deno.realPath(input);
  if (information.isDirectory) return path;
  for (let i = 0; i < dataset.length; i++) {
    if (!dataset.sample(i).key.startsWith("/")) return dirname(path);
  }
  return "absolute paths";
}

/** A progress line on standard error, in images. */
export function imageProgress(total: number): ProgressLine {
  return new ProgressLine({
    total,
    imagesPerStep: 1,
    write: (text) => Deno.stderr.writeSync(new TextEncoder().encode(text)),
    columns: () => Deno.stderr.isTerminal() ? Deno.consoleSize().columns : undefined,
  });
}

/** What became of one batch. */
export interface EncodedBatch {
  /** Keys of the images, in the order of the rows. */
  readonly keys: readonly string[];
  /** What the encoder gives. */
  readonly encoded: Tensor<"float32">;
}

/** How {@linkcode encodeDataset} runs. */
export interface EncodeOptions {
  readonly batchSize: number;
  readonly workers?: number;
  /** Ends the iteration after the batch that is under way. */
  readonly signal?: AbortSignal;
  /** Is told of images that cannot be read; they are left out. */
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
