/**
 * Variations of many images, one batch after the other.
 *
 * @module
 */
import { decodeSource } from "../data/decode/decode_source.ts";
import { UnreadableImageError } from "../data/decode/unreadable_image_error.ts";
import type { ImageSource, RgbImage } from "../data/dataset.ts";
import { type Tensor, tensor, zeros } from "../engine/graph/tensor.ts";
import type { UnclipStage } from "./stage.ts";
import type { UnclipPipeline } from "./pipeline.ts";
import { variationNoise } from "./variation_noise.ts";

/** A variation that is wanted. */
export interface WantedVariation {
  /** Names the image, and with the seed and the index its noise. */
  readonly key: string;
  /** The image itself; where it is left out, the prompt alone is the condition. */
  readonly source?: ImageSource | undefined;
  /** Step of the diffusion at which noise is added to the image's embedding; without an image it means nothing. */
  readonly level: number;
  /** Which of the image's variations, from 0. */
  readonly index: number;
  /** Its prompt (default that of all). */
  readonly prompt?: string | undefined;
  /** Its negative prompt (default that of all). */
  readonly negativePrompt?: string | undefined;
  /** Its classifier-free guidance scale, from 1, which is no guidance (default that of all). */
  readonly guidanceScale?: number | undefined;
}

/** A variation, and what it was made for. */
export interface Variation<T extends WantedVariation> {
  /** What was wanted. */
  readonly wanted: T;
  /** The variation itself, in the size of the model. */
  readonly image: RgbImage;
}

/** How variations are generated. */
export interface GenerateOptions<T extends WantedVariation = WantedVariation> {
  /** Seed of all noise. */
  readonly seed: number;
  /** Variations in a batch. */
  readonly batchSize: number;
  /** The prompt of those that have none of their own (default empty). */
  readonly prompt?: string;
  /** The negative prompt of those that have none of their own (default empty). */
  readonly negativePrompt?: string;
  /** Guidance scale of those that have none of their own, from 1, which is no guidance (default that of the pipeline). */
  readonly guidanceScale?: number;
  /** Takes images that cannot be read, each once, with how many of its variations are left out, and its key. */
  readonly onUnreadable: (error: UnreadableImageError, without: number, key: string) => void;
  /** Takes variations that cannot be computed, with the network whose output is not finite; they are left out. */
  readonly onFailure: (wanted: T, stage: UnclipStage) => void;
  /** Takes variations that were decoded again in float32, because the VAE overflowed in float16. */
  readonly onWidened?: (wanted: T) => void;
  /** Called after every call of the network, with how many of the batch's have been made. */
  readonly onCall?: (done: number, total: number) => void;
  /** Ends the work between two calls of the network. */
  readonly signal?: AbortSignal;
}

/**
 * What a source gives, the next of which is made while the caller has one. None is left running when the caller takes no more.
 *
 * @param stop ends what is being made then
 */
async function* ahead<T>(source: AsyncGenerator<T>, stop?: () => void): AsyncGenerator<T> {
  const start = () => {
    const next = source.next();
    // It is waited for later, and fails then.
    next.catch(() => {});
    return next;
  };
  let next = start();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = start();
      yield value;
    }
  } finally {
    stop?.();
    await Promise.allSettled([next]);
    await source.return(undefined);
  }
}

/** A variation that is wanted of an image which has been read, or of none. */
interface Readied<T> {
  readonly wanted: T;
  /** The image as it is embedded. */
  readonly view: Uint8Array<ArrayBuffer> | undefined;
}

/** Batches of variations whose images can be read, all full but the last. */
async function* readBatches<T extends WantedVariation>(
  pipeline: UnclipPipeline,
  wanted: Iterable<T>,
  { batchSize, onUnreadable }: GenerateOptions<T>,
): AsyncGenerator<Readied<T>[]> {
  let batch: Readied<T>[] = [];
  let [key, view]: [string | undefined, Uint8Array<ArrayBuffer> | undefined] = [
    undefined,
    undefined,
  ];
  let failure: UnreadableImageError | undefined;
  let without = 0;
  const report = () => failure && onUnreadable(failure, without, key!);
  for (const each of wanted) {
    // Those of one image come after each other, and it is read once.
    if (each.key !== key) {
      report();
      [key, view, failure, without] = [each.key, undefined, undefined, 0];
      try {
        if (each.source !== undefined) view = pipeline.cut(await decodeSource(each.source));
      } catch (error) {
        if (!(error instanceof UnreadableImageError)) throw error;
        failure = error;
      }
    }
    if (failure !== undefined) {
      without++;
      continue;
    }
    if (batch.push({ wanted: each, view }) < batchSize) continue;
    yield batch;
    batch = [];
  }
  report();
  if (batch.length > 0) yield batch;
}

function stack(tensors: readonly Tensor<"float32">[]): Tensor<"float32"> {
  const { shape, data: { length } } = tensors[0]!;
  const data = new Float32Array(tensors.length * length);
  tensors.forEach((value, i) => data.set(value.data, i * length));
  return tensor("float32", [tensors.length, ...shape], data);
}

/** Embeddings of the images of a batch, each computed once; zeros where there is no image. */
async function embedBatch(
  pipeline: UnclipPipeline,
  batch: readonly Readied<WantedVariation>[],
): Promise<Tensor<"float32">> {
  const views = [...new Set(batch.map(({ view }) => view))].filter((view) => view !== undefined);
  const { imageSize, embeddingWidth } = pipeline;
  const each = 3 * imageSize ** 2;
  const data = new Uint8Array(views.length * each);
  views.forEach((view, i) => data.set(view, i * each));
  const found = await pipeline.embed(
    tensor("uint8", [views.length, imageSize, imageSize, 3], data),
  );
  const rows = batch.map(({ view }) => {
    if (view === undefined) return zeros("float32", [embeddingWidth]);
    const at = views.indexOf(view) * embeddingWidth;
    return tensor("float32", [embeddingWidth], found.data.slice(at, at + embeddingWidth));
  });
  return stack(rows);
}

async function generateBatch<T extends WantedVariation>(
  pipeline: UnclipPipeline,
  batch: readonly Readied<T>[],
  options: GenerateOptions<T>,
): Promise<Variation<T>[]> {
  const { seed, prompt = "", negativePrompt = "", onCall, signal } = options;
  const { guidanceScale = pipeline.guidanceScale } = options;
  const noise = batch.map(({ wanted: { key, index } }) =>
    variationNoise(seed, key, index, pipeline)
  );
  const { images, failures, widened } = await pipeline.generate({
    embeddings: await embedBatch(pipeline, batch),
    noiseLevels: batch.map(({ wanted }) => wanted.level),
    imageConditions: batch.map(({ view }) => view !== undefined),
    embeddingNoise: stack(noise.map(({ embedding }) => embedding)),
    latents: stack(noise.map(({ latents }) => latents)),
    prompts: batch.map(({ wanted }) => wanted.prompt ?? prompt),
    negativePrompts: batch.map(({ wanted }) => wanted.negativePrompt ?? negativePrompt),
    guidanceScales: batch.map(({ wanted }) => wanted.guidanceScale ?? guidanceScale),
    ...(onCall && { onCall }),
    ...(signal && { signal }),
  });
  for (const row of widened) options.onWidened?.(batch[row]!.wanted);
  const { data, shape: [, height, width] } = images;
  const each = 3 * height! * width!;
  return batch.flatMap(({ wanted }, i) => {
    const stage = failures.get(i);
    if (stage !== undefined) {
      options.onFailure(wanted, stage);
      return [];
    }
    const pixels = data.slice(i * each, (i + 1) * each);
    return [{ wanted, image: { width: width!, height: height!, data: pixels } }];
  });
}

/** What is made of batches, of those of which anything is. */
async function* makeBatches<T extends WantedVariation>(
  pipeline: UnclipPipeline,
  wanted: Iterable<T>,
  options: GenerateOptions<T>,
): AsyncGenerator<Variation<T>[]> {
  for await (const batch of ahead(readBatches(pipeline, wanted, options))) {
    const made = await generateBatch(pipeline, batch, options);
    if (made.length > 0) yield made;
  }
}

/**
 * Generates variations batch by batch, in order; while one is generated, the images of the next are read, and the one before
 * is with the caller. Each depends on its seed, key and index alone, not on what it shares a batch with.
 * The pipeline is at work until the last batch: nothing else may be asked of it before.
 *
 * @param wanted those of one image after each other
 * @throws {RangeError} if a level is not one of the diffusion's steps, or the pipeline cannot give a guidance scale
 */
export async function* generateVariations<T extends WantedVariation>(
  pipeline: UnclipPipeline,
  wanted: Iterable<T>,
  options: GenerateOptions<T>,
): AsyncGenerator<Variation<T>[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  const batches = makeBatches(pipeline, wanted, { ...options, signal });
  // A caller that takes no more must not wait for a batch.
  for await (const batch of ahead(batches, () => stop.abort())) {
    // Whoever stops after some batch gets no other, even if it has been made since.
    options.signal?.throwIfAborted();
    yield batch;
  }
}
