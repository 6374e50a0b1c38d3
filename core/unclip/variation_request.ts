/**
 * What a Stable unCLIP is asked for: images, texts, their conditions, and all random numbers.
 *
 * @module
 */
import { counted } from "../schema/counted.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import { sameShape } from "../engine/graph/shape.ts";
import { formatType, type Tensor } from "../engine/graph/tensor.ts";
import type { PipelineParts } from "./pipeline_parts.ts";

/** Images to vary, prompts, and all random numbers. */
export interface VariationRequest {
  /** Embeddings of the images, `[n, width]`. */
  readonly embeddings: Tensor<"float32">;
  /** Step of the diffusion at which noise is added to the embeddings: one for all, or one for each. */
  readonly noiseLevels: number | readonly number[];
  /** Normal noise that is added to the embeddings, `[n, width]`; the variations of one image share it. */
  readonly embeddingNoise: Tensor<"float32">;
  /** Normal noise that the latents begin as, `[n k, channels, H, W]`, those of one image after each other. */
  readonly latents: Tensor<"float32">;
  /** Prompts: one for all, or one for each image (default the empty text). */
  readonly prompts?: string | readonly string[];
  /** Negative prompts, likewise (default the empty text). */
  readonly negativePrompts?: string | readonly string[];
  /**
   * Classifier-free guidance scales, from 1, which is no guidance: one for all, or one for each image (default the one that
   * the pipeline was opened with). A pipeline that was opened with 1 gives no guidance.
   */
  readonly guidanceScales?: number | readonly number[];
  /**
   * Whether an image's embedding is a condition of what is generated: for all, or for each (default true). Where it is not,
   * its embedding, noise and level mean nothing: the class embedding is all zeros, as guidance has it, and as the published
   * UNet was trained on a share of its images (`embedding_dropout` of Stability AI's
   * `ImageEmbeddingConditionedLatentDiffusion`), so that the prompt alone is the condition. diffusers'
   * `StableUnCLIPPipeline` makes an embedding of the text by a prior instead, a network that folders of
   * `StableUnCLIPImg2ImgPipeline` do not have.
   */
  readonly imageConditions?: boolean | readonly boolean[];
  /** Called after every call of the network, with how many of all have been made. */
  readonly onCall?: (done: number, total: number) => void;
  /** Ends the work between two calls of the network. */
  readonly signal?: AbortSignal;
}

/** What is asked for each image by itself. */
export interface ImageRequests {
  readonly prompts: readonly string[];
  readonly negativePrompts: readonly string[];
  readonly guidanceScales: readonly number[];
  readonly imageConditions: readonly boolean[];
}

/** One value for each image, of one for all or one for each. */
function perImage<T extends string | number | boolean>(
  what: string,
  values: T | readonly T[],
  count: number,
): readonly T[] {
  if (!Array.isArray(values)) return new Array<T>(count).fill(values as T);
  if (values.length === count) return values;
  throw new GenviewRangeError(
    `Cannot generate variations of ${
      counted(count, "image")
    }: there must be as many ${what}, found ` +
      `${values.length}`,
  );
}

function checkGuidance(scales: readonly number[], guided: boolean): void {
  const wrong = scales.find((scale) => !(scale >= 1 && scale < Infinity));
  if (wrong !== undefined) {
    throw new GenviewRangeError(
      `Cannot guide images: a guidance scale must be a number from 1, found ${wrong}`,
    );
  }
  const beyond = guided ? undefined : scales.find((scale) => scale > 1);
  if (beyond === undefined) return;
  throw new GenviewRangeError(
    `Cannot guide images by ${beyond}: the pipeline was opened with a guidance scale of 1, which gives none; ` +
      "open it with a larger one",
  );
}

/**
 * What a request asks for each image.
 *
 * @throws {RangeError} if the latents do not fit, there are not as many values as images, or a guidance scale is out of range
 */
export function settleRequest(
  request: VariationRequest,
  { latentShape, guidanceScale }: Pick<PipelineParts, "latentShape" | "guidanceScale">,
): ImageRequests {
  const { embeddings, latents, prompts = "", negativePrompts = "" } = request;
  const count = embeddings.shape[0]!;
  if (!sameShape(latents.shape.slice(1), latentShape) || latents.shape[0]! % count !== 0) {
    throw new GenviewRangeError(
      `Cannot generate variations of ${counted(count, "image")}: latents must be ` +
        `[${count} k,${latentShape.join(",")}], found ${formatType(latents)}`,
    );
  }
  const settled: ImageRequests = {
    prompts: perImage("prompts", prompts, count),
    negativePrompts: perImage("negative prompts", negativePrompts, count),
    guidanceScales: perImage("guidance scales", request.guidanceScales ?? guidanceScale, count),
    imageConditions: perImage("image conditions", request.imageConditions ?? true, count),
  };
  checkGuidance(settled.guidanceScales, guidanceScale > 1);
  return settled;
}
