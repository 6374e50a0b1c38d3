/**
 * Images as the UNet is trained on them: distributions of latents, and embeddings, encoded once and kept in files.
 *
 * @module
 */
import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import type { Placement, Session } from "../../engine/ort/mod.ts";
import type { ClipEncoder } from "../../encoders/clip_encoder.ts";
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { ifThere } from "../../files/if_there.ts";
import { makeFolder } from "../../files/new_file.ts";
import { readSafetensors, writeSafetensors } from "../../weights/safetensors.ts";
import type { AutoencoderConfig } from "../networks/autoencoder.ts";
import type { EmbeddingStatistics } from "../embedding_noise.ts";
import { joinRows } from "../rows.ts";
import { latentGraph, openAutoencoder } from "./autoencoder_session.ts";
import { type CutterOptions, ImageCutter } from "./image_cutter.ts";

/** Encoded images, one row each: all of them once, then all once more, as often as they were drawn. */
export interface EncodedImages {
  /** How many there are, in all draws. */
  readonly count: number;
  /** Times that each was drawn. */
  readonly draws: number;
  /** Means of the latents, `[n, channels, H, W]`, not scaled. */
  readonly mean: Tensor<"float32">;
  /** Logarithms of the variances of the latents, like the means. */
  readonly logVariance: Tensor<"float32">;
  /** Embeddings by the image encoder, `[n, width]`. */
  readonly embeddings: Tensor<"float32">;
}

/** What images are encoded by. */
export interface EncodeImagesOptions extends CutterOptions {
  /** Folder of the files, one for each draw. */
  readonly folder: string;
  /** Times that each image is encoded; those that are rendered are rendered anew. */
  readonly draws: number;
  /** Height and width of the images in pixels, for the autoencoder. */
  readonly size: number;
  /** Sizes of the autoencoder. */
  readonly config: AutoencoderConfig;
  /** Its parameters. */
  readonly autoencoder: ReadonlyMap<string, Tensor>;
  /** The image encoder. */
  readonly imageEncoder: ClipEncoder;
  /** Height and width of the images in pixels, for the image encoder. */
  readonly encoderSize: number;
  /** Images that are encoded together. */
  readonly batchSize: number;
  /** Where it runs. */
  readonly placement: Placement;
  /** Stops between two batches; draws that are whole are kept. */
  readonly signal?: AbortSignal;
  /** Called after each batch with how many images are encoded, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The encoder of an autoencoder as a session: `images` uint8 `[N, size, size, 3]` to `mean` and `logVariance`. */
async function openLatentEncoder(
  { config, autoencoder, size, batchSize, placement }: EncodeImagesOptions,
): Promise<Session> {
  return await openAutoencoder(
    { config, tensors: autoencoder },
    latentGraph,
    [batchSize, size, size, config.imageChannels],
    placement,
  );
}

function stacked(rows: readonly Float32Array[], shape: readonly number[]): Tensor<"float32"> {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  let at = 0;
  for (const row of rows) {
    data.set(row, at);
    at += row.length;
  }
  return tensor("float32", shape, data);
}

/** Images filled up with copies of the first to a whole batch. */
function filledUp(images: Tensor<"uint8">, batchSize: number): Tensor<"uint8"> {
  const [count, ...shape] = images.shape as [number, ...number[]];
  if (count === batchSize) return images;
  const each = images.data.length / count;
  const data = new Uint8Array(batchSize * each);
  data.set(images.data);
  for (let row = count; row < batchSize; row++) data.set(images.data.subarray(0, each), row * each);
  return tensor("uint8", [batchSize, ...shape], data);
}

/** Encodes all images of a data set once, but those that cannot be read. */
async function encodeDraw(
  dataset: Dataset,
  cutter: ImageCutter,
  draw: number,
  session: Session,
  options: EncodeImagesOptions,
): Promise<Map<string, Tensor<"float32">>> {
  const { size, encoderSize, imageEncoder, batchSize, signal, onProgress, draws } = options;
  const rows: Record<string, Float32Array[]> = { mean: [], logVariance: [], embeddings: [] };
  let [latentShape, width]: [readonly number[], number] = [[], 0];
  let read = 0;
  const sizes = encoderSize === size ? [size] : [size, encoderSize];
  for (let start = 0; start < dataset.length; start += batchSize) {
    signal?.throwIfAborted();
    const end = Math.min(start + batchSize, dataset.length);
    const batch = Array.from({ length: end - start }, (_, i) => start + i);
    const { images: [images, seen = images] } = await cutter.cut(batch, draw, sizes);
    const [count = 0] = images!.shape;
    if (count > 0) {
      const { pooled } = await imageEncoder.encode(seen!);
      const { mean, logVariance } = await session.run({ images: filledUp(images!, batchSize) });
      for (const [name, found] of Object.entries({ mean, logVariance, embeddings: pooled })) {
        const values = found as Tensor<"float32">;
        const each = values.data.length / values.shape[0]!;
        rows[name]!.push(values.data.slice(0, count * each));
      }
      [latentShape, width] = [mean!.shape.slice(1), pooled.shape[1]!];
      read += count;
    }
    onProgress?.(draw * dataset.length + end, draws * dataset.length);
  }
  if (read === 0) {
    throw new GenviewTypeError(
      `Cannot encode "${dataset.name}": some of its images must be readable, found none`,
    );
  }
  const shape = [read, ...latentShape];
  return new Map([
    ["mean", stacked(rows["mean"]!, shape)],
    ["logVariance", stacked(rows["logVariance"]!, shape)],
    ["embeddings", stacked(rows["embeddings"]!, [read, width])],
  ]);
}

/**
 * Encodes the images of a data set, as far as their files are not there yet, and reads them all. Images that cannot be read are
 * left out.
 *
 * @throws {DOMException} if it is stopped; whole files are kept
 * @throws {TypeError} if no image can be read, or not the same number in each draw
 */
export async function encodeTrainingImages(
  dataset: Dataset,
  options: EncodeImagesOptions,
): Promise<EncodedImages> {
  const { folder, draws } = options;
  const cutter = new ImageCutter(dataset, options);
  await makeFolder(folder);
  const paths = Array.from(
    { length: draws },
    (_, draw) => join(folder, `draw-${String(draw).padStart(3, "0")}.safetensors`),
  );
  let session: Session | undefined;
  try {
    for (const [draw, path] of paths.entries()) {
      if (await ifThere(Deno.stat(path)) !== undefined) continue;
      session ??= await openLatentEncoder(options);
      await writeSafetensors(path, await encodeDraw(dataset, cutter, draw, session, options));
    }
  } finally {
    session?.[Symbol.dispose]();
  }
  const files = await Promise.all(paths.map((path) => readSafetensors(path)));
  const joined = (name: string): Tensor<"float32"> =>
    joinRows(files.map(({ tensors }) => tensors.get(name) as Tensor<"float32">));
  const mean = joined("mean");
  const counts = files.map(({ tensors }) => tensors.get("mean")!.shape[0]!);
  const other = counts.findIndex((count) => count !== counts[0]);
  if (other !== -1) {
    throw new GenviewTypeError(
      `Cannot read the draws of "${dataset.name}": ${paths[other]} must have the ${
        counts[0]
      } images of ${paths[0]}, ` +
        `found ${counts[other]}; remove ${folder}, so that all are encoded anew`,
    );
  }
  return {
    count: mean.shape[0]!,
    draws,
    mean,
    logVariance: joined("logVariance"),
    embeddings: joined("embeddings"),
  };
}

/**
 * Mean and standard deviation of each feature of embeddings.
 *
 * @throws {GenviewRangeError} where no feature differs, by which images could be told apart
 */
export function embeddingStatistics({ embeddings }: EncodedImages): EmbeddingStatistics {
  const [count, width] = embeddings.shape as [number, number];
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  embeddings.data.forEach((value, i) => sums[i % width]! += value);
  const mean = Float32Array.from(sums, (sum) => sum / count);
  embeddings.data.forEach((value, i) => squares[i % width]! += (value - mean[i % width]!) ** 2);
  if (squares.every((sum) => sum === 0)) {
    throw new GenviewRangeError(
      `Cannot measure how the embeddings of images differ: all ${count} are alike; train on images that differ, with an ` +
        "image encoder that tells them apart",
    );
  }
  return { mean, std: Float32Array.from(squares, (sum) => Math.sqrt(sum / (count - 1))) };
}

/**
 * The factor that gives latents a variance of 1: the scaling factor of the autoencoder.
 *
 * Source: Rombach et al. 2022, "High-resolution image synthesis with latent diffusion models", appendix G, equation 28.
 */
export function scalingFactor({ mean, logVariance }: EncodedImages): number {
  const { length } = mean.data;
  let [sum, square] = [0, 0];
  for (let i = 0; i < length; i++) {
    sum += mean.data[i]!;
    square += mean.data[i]! ** 2 + Math.exp(logVariance.data[i]!);
  }
  return 1 / Math.sqrt(square / length - (sum / length) ** 2);
}
