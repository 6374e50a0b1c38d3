/**
 * Extraction of features, and the analysis of what is foreground in them.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import { dirname, join } from "node:path";
import { TokenEncoder, type TokenNetwork } from "../core/encoders/token_encoder.ts";
import type { Dataset } from "../core/data/mod.ts";
import { CPU, type Device } from "../core/engine/ort/mod.ts";
import type { DType } from "../core/engine/graph/dtype.ts";
import { type Tensor, tensor } from "../core/engine/graph/tensor.ts";
import { RandomStream } from "../core/engine/random/random_stream.ts";
import {
  type Covariance,
  CovarianceAccumulator,
  genviewThreshold,
  type Orientation,
  orientScores,
  type PrincipalComponent,
  principalComponent,
  quantileThreshold,
  tokenScores,
} from "../core/masking/mod.ts";
import { writeNewFile } from "../core/files/new_file.ts";
import { FeatureFiles } from "./feature_files.ts";
import { encodeDataset, imageProgress, runSize, subset } from "./token_batches.ts";

/** What features of a folder are of; two runs that differ in it must not share a folder. */
export interface ExtractionRecord {
  readonly network: string;
  /** What tells its weights from others. */
  readonly weights: string;
  /** What the images' paths are relative to. */
  readonly images: string;
  readonly imageSize: number;
  readonly grid: readonly [rows: number, columns: number];
  readonly width: number;
  readonly dtype: DType;
}

/** How tokens are divided. */
export interface ThresholdRule {
  /** `quantile` leaves the share above; `genview` is the original program's; `given` is a number. */
  readonly kind: "quantile" | "genview" | "given";
  /** Share of the tokens that are foreground, for `quantile`. */
  readonly share?: number;
  /** The threshold, for `given`. */
  readonly value?: number;
}

/** What an analysis finds. */
export interface Analysis {
  /** Turned so that the foreground has high scores, and turned round once more if that was asked for. */
  readonly component: PrincipalComponent;
  readonly mean: Float32Array<ArrayBuffer>;
  readonly orientation: Orientation;
  readonly threshold: number;
  /** float32 `[N, P]`, in the order of the keys. */
  readonly scores: Tensor<"float32">;
}

/** How it is run. */
export interface ExtractionOptions {
  /** Folder of this network's features. */
  readonly folder: string;
  readonly dtype: DType;
  readonly batchSize: number;
  readonly device: Device;
  readonly threads?: number;
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** Takes notes and warnings. */
  readonly note: (text: string) => void;
}

/** Indices of `count` samples out of all, drawn without repetition and put in order. */
export function sampleIndices(all: readonly number[], count: number, seed: number): number[] {
  if (count >= all.length) return [...all];
  const order = new RandomStream(seed, "extract features").permutation(all.length);
  return Array.from(order.subarray(0, count), (i) => all[i]!).sort((a, b) => a - b);
}

/**
 * Notes what a folder's features are of, or checks that they are of the same.
 *
 * @throws {TypeError} if the folder holds features of something else
 */
export async function checkRecord(folder: string, record: ExtractionRecord): Promise<void> {
  const path = join(folder, "extraction.json");
  const text = JSON.stringify(record, null, 2) + "\n";
  let before: string;
  try {
    before = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(folder, { recursive: true });
    await writeNewFile(path, text);
    return;
  }
  if (before !== text) {
    throw new GenviewTypeError(
      `Cannot extract features into ${folder}: it holds others (${path}); choose another ` +
        `--output-dir.\nThere: ${before.replace(/\s+/g, " ")}\nAsked for: ${
          text.replace(/\s+/g, " ")
        }`,
    );
  }
}

/** Indices of the samples that have no features yet. */
async function missingOf(
  dataset: Dataset,
  indices: readonly number[],
  files: FeatureFiles,
): Promise<number[]> {
  const missing: number[] = [];
  for (const index of indices) {
    if (!await files.has(dataset.sample(index).key)) missing.push(index);
  }
  return missing;
}

/**
 * Extracts the features of those samples that have none yet.
 *
 * @returns whether all were visited; not so if it was interrupted
 */
export async function extractMissing(
  network: TokenNetwork,
  dataset: Dataset,
  indices: readonly number[],
  options: ExtractionOptions,
): Promise<boolean> {
  const { folder, dtype, device, threads, signal, note } = options;
  const files = new FeatureFiles(folder);
  const missing = await missingOf(dataset, indices, files);
  if (missing.length < indices.length) {
    note(`${indices.length - missing.length} of ${indices.length} images have features already`);
  }
  if (missing.length === 0) return true;
  const batchSize = runSize(options.batchSize, missing.length, device);
  using encoder = await TokenEncoder.create(network, {
    batchSize,
    device,
    ...(threads !== undefined && { threads }),
  });
  using progress = imageProgress(missing.length);
  const [rows, columns] = network.grid;
  const shape = [rows * columns, network.width];
  const step = shape[0]! * shape[1]!;
  let done = 0;
  const batches = encodeDataset(encoder, subset(dataset, missing), {
    batchSize,
    ...(options.workers !== undefined && { workers: options.workers }),
    ...(signal && { signal }),
    onWarning: (text) => {
      done++;
      progress.note(`warning: ${text}`);
    },
  });
  for await (const { keys, encoded } of batches) {
    for (const [i, key] of keys.entries()) {
      const tokens = encoded.data.subarray(i * step, (i + 1) * step);
      await files.write(key, tensor("float32", shape, tokens), dtype);
    }
    progress.update(done += keys.length, { phase: "features" });
  }
  return signal?.aborted !== true;
}

/** Reads features one after the other, with progress. */
async function* storedTokens(
  network: TokenNetwork,
  keys: readonly string[],
  folder: string,
  phase: string,
): AsyncGenerator<Tensor<"float32">> {
  const files = new FeatureFiles(folder);
  const [rows, columns] = network.grid;
  using progress = imageProgress(keys.length);
  for (const [i, key] of keys.entries()) {
    yield await files.read(key, network.width, rows * columns);
    progress.update(i + 1, { phase });
  }
}

async function storedCovariance(
  network: TokenNetwork,
  keys: readonly string[],
  { folder, device, threads }: ExtractionOptions,
): Promise<Covariance> {
  // WebGPU has no float64 to add in.
  using accumulator = await CovarianceAccumulator.create(network.width, {
    device: device.provider === "webgpu" ? CPU : device,
    ...(threads !== undefined && { threads }),
  });
  for await (const tokens of storedTokens(network, keys, folder, "covariance")) {
    await accumulator.add(tokens);
  }
  return await accumulator.finish();
}

function thresholdOf(scores: Float32Array, { kind, share, value }: ThresholdRule): number {
  if (kind === "given") return Math.fround(value!);
  return kind === "genview" ? genviewThreshold(scores) : quantileThreshold(scores, share);
}

/**
 * Finds the principal component of stored features, turns it, scores all tokens and finds the threshold. Features are
 * read twice, one image at a time.
 *
 * @param keys of images that have features
 * @param flip whether the component is turned round after it was oriented
 */
export async function analyze(
  network: TokenNetwork,
  keys: readonly string[],
  rule: ThresholdRule,
  flip: boolean,
  options: ExtractionOptions,
): Promise<Analysis> {
  const covariance = await storedCovariance(network, keys, options);
  options.note(`decomposing the covariance of ${covariance.count} tokens`);
  const found = principalComponent(covariance);
  const [rows, columns] = network.grid;
  const scores = new Float32Array(keys.length * rows * columns);
  let at = 0;
  for await (const tokens of storedTokens(network, keys, options.folder, "scores")) {
    const own = tokenScores(tokens, found.vector).data;
    scores.set(own, at);
    at += own.length;
  }
  const all = tensor("float32", [keys.length, rows * columns], scores);
  const orientation = orientScores(all, network.grid, found.vector);
  if (orientation.negate !== flip) {
    for (const values of [found.vector, scores]) values.forEach((x, i) => values[i] = -x);
  }
  return {
    component: found,
    mean: Float32Array.from(covariance.mean),
    orientation,
    threshold: thresholdOf(scores, rule),
    scores: all,
  };
}

/** Writes a file whose folder may not be there yet. */
export async function writeOutput(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  overwrite: boolean,
): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await writeNewFile(path, bytes, { overwrite });
}
