/**
 * Stable unCLIP: from an image, variations of it.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { cutClipView } from "../data/clip_preprocessing.ts";
import type { RgbImage } from "../data/dataset.ts";
import { finiteRows } from "../engine/graph/finite.ts";
import { elementCount, sameShape, type Shape } from "../engine/graph/shape.ts";
import { float32, formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import type { Session } from "../engine/ort/mod.ts";
import { allDone } from "../engine/step/all_done.ts";
import { DecodedImages, type GeneratedImages } from "./decoded_images.ts";
import { loadPipelineParts, type PipelineParts, type UnclipOptions } from "./pipeline_parts.ts";
import { PublishedFolder } from "./published_folder.ts";
import { batchRows, gatherRows, rowRange } from "./rows.ts";
import { Trajectory } from "./schedulers/mod.ts";
import type { UnclipStage } from "./stage.ts";
import { settleRequest, type VariationRequest } from "./variation_request.ts";

/** Inputs of the UNet besides latents and timestep, a row for each image. */
interface Conditions {
  readonly labels: Tensor<"float32">;
  readonly text: Tensor<"float32">;
  readonly negative: Tensor<"float32">;
  /** Guidance scales, `[n, 1, 1, 1]`. */
  readonly guidance: Tensor<"float32">;
}

/**
 * Generates variations of images by Stable unCLIP, in batches. It draws no random numbers: all noise is an
 * argument, so that an image is the same in every batch.
 *
 * Source: Ramesh et al. 2022, "Hierarchical text-conditional image generation with CLIP latents", section 3.1; diffusers,
 * `StableUnCLIPImg2ImgPipeline`.
 */
export class UnclipPipeline implements Disposable {
  readonly #owned: DisposableStack;
  readonly #parts: PipelineParts;
  /** The decoder that computes in float32, once one in float16 has overflowed. */
  #wideDecoder: Promise<Session> | undefined;
  /** Hidden states of the last request's texts. */
  readonly #texts = new Map<string, Float32Array<ArrayBuffer>>();

  private constructor(owned: DisposableStack, parts: PipelineParts) {
    this.#owned = owned;
    this.#parts = parts;
  }

  /**
   * Loads a pipeline.
   *
   * @param folder in diffusers' layout, with `unet/`, `vae/` and so on; it must stay where it is
   * @throws {TypeError} if a configuration asks for what is not supported, or weights do not fit it
   * @throws {RangeError} if an option is out of range
   */
  static async create(folder: string, options: UnclipOptions): Promise<UnclipPipeline> {
    const { batchSize } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new GenviewRangeError(
        `Cannot load a pipeline: the batch size must be a positive integer, found ${batchSize}`,
      );
    }
    using owned = new DisposableStack();
    const parts = await loadPipelineParts(new PublishedFolder(folder), options, owned);
    return new UnclipPipeline(owned.move(), parts);
  }

  /** Height and width of the images that are embedded, in pixels. */
  get imageSize(): number {
    return this.#parts.imageSize;
  }

  /** Features of an embedding. */
  get embeddingWidth(): number {
    return this.#parts.embeddingNoise.width;
  }

  /** Shape of the latents of one image, `[channels, H, W]`. */
  get latentShape(): Shape {
    return this.#parts.latentShape;
  }

  /** Calls of the network for each image. */
  get calls(): number {
    return this.#parts.plan.length;
  }

  /** Classifier-free guidance scale of images that are asked for without one. */
  get guidanceScale(): number {
    return this.#parts.guidanceScale;
  }

  /** An image as it is embedded, uint8 `[size, size, 3]`. */
  cut(image: RgbImage): Uint8Array<ArrayBuffer> {
    return cutClipView(image, { size: this.#parts.imageSize, crop: "transformers" });
  }

  /**
   * Embeddings of images, in batches.
   *
   * @param images uint8 `[n, size, size, 3]`, cut by {@linkcode cut}
   * @returns `[n, width]`
   */
  async embed(images: Tensor<"uint8">): Promise<Tensor<"float32">> {
    const { imageEncoder, batchSize } = this.#parts;
    const count = images.shape[0]!;
    const embeddings = new Float32Array(count * this.embeddingWidth);
    for (let start = 0; start < count; start += batchSize) {
      const end = Math.min(count, start + batchSize);
      const { pooled } = await imageEncoder.encode(rowRange(images, start, end - start));
      embeddings.set(pooled.data, start * this.embeddingWidth);
    }
    return tensor("float32", [count, this.embeddingWidth], embeddings);
  }

  /** Encodes texts whose hidden states are not known yet, and drops those of others. */
  async #learnTexts(texts: ReadonlySet<string>): Promise<void> {
    const { textEncoder, tokenizer } = this.#parts;
    for (const known of this.#texts.keys()) if (!texts.has(known)) this.#texts.delete(known);
    for (const text of texts) {
      if (this.#texts.has(text)) continue;
      const { hidden } = await textEncoder.run({ ids: tokenizer.encodeAll([text]) });
      this.#texts.set(text, hidden!.data as Float32Array<ArrayBuffer>);
    }
  }

  /** Hidden states of texts that have been learnt, `[n, tokens, width]`. */
  #hiddenOf(texts: readonly string[]): Tensor<"float32"> {
    const shape = this.#parts.textEncoder.outputs[0]!.shape.slice(1);
    const each = elementCount(shape);
    const data = new Float32Array(texts.length * each);
    texts.forEach((text, i) => data.set(this.#texts.get(text)!, i * each));
    return tensor("float32", [texts.length, ...shape], data);
  }

  /** The images, texts and noise of a request as the UNet takes them. */
  async #conditionsOf(request: VariationRequest): Promise<Conditions> {
    const settled = settleRequest(request, this.#parts);
    const { prompts, negativePrompts, guidanceScales, imageConditions } = settled;
    await this.#learnTexts(new Set([...prompts, ...negativePrompts]));
    const labels = this.#parts.embeddingNoise.apply({
      embeddings: request.embeddings,
      noise: request.embeddingNoise,
      levels: request.noiseLevels,
    });
    const width = labels.shape[1]!;
    imageConditions.forEach((isCondition, image) => {
      if (!isCondition) labels.data.fill(0, image * width, (image + 1) * width);
    });
    return {
      labels,
      text: this.#hiddenOf(prompts),
      negative: this.#hiddenOf(negativePrompts),
      guidance: float32([guidanceScales.length, 1, 1, 1], guidanceScales),
    };
  }

  /**
   * Latents of variations, in batches.
   *
   * @returns like the latents of the request, in their order; a NaN or infinity of a network is left in its image's
   * @throws {RangeError} if shapes do not fit, or a level is not one of the diffusion's steps
   */
  async denoise(request: VariationRequest): Promise<Tensor<"float32">> {
    const { latents } = request;
    const result = new Float32Array(latents.data.length);
    const each = elementCount(this.#parts.latentShape);
    await this.#denoiseParts(request, await this.#conditionsOf(request), (part, start) => {
      result.set(part.data, start * each);
    });
    return tensor("float32", latents.shape, result);
  }

  /**
   * Denoises the parts of a request. Copies take parts of their own through all steps, and through what follows: none waits
   * for another.
   *
   * @param take takes the latents of a part, its first row, and which of the copies has made them
   */
  async #denoiseParts(
    { embeddings, latents, onCall, signal }: VariationRequest,
    conditions: Conditions,
    take: (part: Tensor<"float32">, start: number, copy: number) => void | Promise<void>,
  ): Promise<void> {
    const { batchSize, plan, unets } = this.#parts;
    const count = embeddings.shape[0]!;
    const total = latents.shape[0]!;
    const together = batchSize / unets.length;
    const parts = Math.ceil(total / together);
    let [next, calls] = [0, 0];
    await allDone(...unets.map(async (unet, copy) => {
      while (next < parts) {
        const start = together * next++;
        const rows = batchRows(start, together, total);
        const sources = rows.map((row) => Math.floor(row / (total / count)));
        const denoised = await this.#denoisePart(
          unet,
          gatherRows(latents, rows),
          {
            labels: gatherRows(conditions.labels, sources),
            text: gatherRows(conditions.text, sources),
            negative: gatherRows(conditions.negative, sources),
            guidance: gatherRows(conditions.guidance, sources),
          },
          () => onCall?.(++calls, parts * plan.length),
          signal,
        );
        await take(rowRange(denoised, 0, Math.min(together, total - start)), start, copy);
      }
    }));
  }

  async #denoisePart(
    unet: Session,
    latents: Tensor<"float32">,
    { labels, text, negative, guidance }: Conditions,
    onCall: () => void,
    signal: AbortSignal | undefined,
  ): Promise<Tensor<"float32">> {
    const { plan, guidanceScale } = this.#parts;
    const guided = guidanceScale > 1 ? { negative, guidance } : undefined;
    const trajectory = new Trajectory(plan, latents.data);
    for (let due = trajectory.due; due !== undefined; due = trajectory.due) {
      signal?.throwIfAborted();
      const { output } = await unet.run({
        latents: tensor("float32", latents.shape, trajectory.sample),
        timestep: float32([1], [due.timestep]),
        labels,
        text,
        ...guided,
      });
      trajectory.advance(output!.data as Float32Array);
      onCall();
    }
    return tensor("float32", latents.shape, trajectory.sample);
  }

  /** The images of a batch that is to be decoded. */
  #decodedImages(count: number): DecodedImages {
    const { decoders, loadWideDecoder: load } = this.#parts;
    const loadWide = load &&
      (() => this.#wideDecoder ??= load().then((session) => this.#owned.use(session)));
    return new DecodedImages(count, decoders[0]!, loadWide);
  }

  /**
   * Images of latents. Where the VAE overflows in float16, they are decoded again in float32.
   *
   * @param latents `[n, channels, H, W]`
   * @returns images uint8 `[n, H f, W f, 3]`, and the rows whose numbers are not finite
   * @throws {RangeError} if the latents have another shape
   */
  async decode(latents: Tensor<"float32">): Promise<GeneratedImages> {
    const { decoders, latentShape } = this.#parts;
    if (!sameShape(latents.shape.slice(1), latentShape)) {
      throw new GenviewRangeError(
        `Cannot decode ${formatType(latents)}: latents must be [n,${latentShape.join(",")}]`,
      );
    }
    const count = latents.shape[0]!;
    const decoded = this.#decodedImages(count);
    const share = Math.ceil(count / decoders.length);
    await allDone(...decoders.map(async (decoder, i) => {
      const start = Math.min(count, i * share);
      const rows = rowRange(latents, start, Math.min(count, start + share) - start);
      await decoded.decode(rows, start, decoder);
    }));
    return decoded.result;
  }

  /** Images of a request of which a network's output is not finite already, by the network. */
  #unusable(
    { embeddings, imageConditions = true }: VariationRequest,
    { labels, text, negative, guidance }: Conditions,
  ) {
    const isCondition = (image: number) =>
      typeof imageConditions === "boolean" ? imageConditions : imageConditions[image]!;
    const always = () => true;
    const checks: readonly (readonly [UnclipStage, boolean[], (image: number) => boolean])[] = [
      ["image encoder", finiteRows(embeddings), isCondition],
      ["image normalizer", finiteRows(labels), always],
      ["text encoder", finiteRows(text), always],
      ["text encoder", finiteRows(negative), (image) => guidance.data[image]! > 1],
    ];
    return (image: number) => checks.find(([, rows, counts]) => !rows[image] && counts(image))?.[0];
  }

  /**
   * Variations of images, in batches. A NaN or infinity of a network spoils the images that it is in, and no others.
   *
   * @returns images uint8 `[n k, H, W, 3]`, those of one image after each other, and which have failed
   * @throws {RangeError} if shapes do not fit, or a level is not one of the diffusion's steps
   */
  async generate(request: VariationRequest): Promise<GeneratedImages> {
    const conditions = await this.#conditionsOf(request);
    const stageOf = this.#unusable(request, conditions);
    const total = request.latents.shape[0]!;
    const each = total / request.embeddings.shape[0]!;
    const decoded = this.#decodedImages(total);
    for (let row = 0; row < total; row++) {
      const stage = stageOf(Math.floor(row / each));
      if (stage !== undefined) decoded.fail(row, stage);
    }
    if (decoded.result.failures.size === total) return decoded.result;
    const { decoders } = this.#parts;
    await this.#denoiseParts(request, conditions, async (latents, start, copy) => {
      for (const [i, isFinite] of finiteRows(latents).entries()) {
        if (!isFinite) decoded.fail(start + i, "UNet");
      }
      await decoded.decode(latents, start, decoders[copy]!);
    });
    return decoded.result;
  }

  /** Releases the networks. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
