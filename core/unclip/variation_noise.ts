/**
 * The noise of variations, named by the image that they are of.
 *
 * @module
 */
import { elementCount, type Shape } from "../engine/graph/shape.ts";
import { type Tensor, tensor } from "../engine/graph/tensor.ts";
import { RandomStream } from "../engine/random/random_stream.ts";

/** Shapes of a pipeline's noise. */
export interface VariationNoiseShapes {
  /** Features of an embedding. */
  readonly embeddingWidth: number;
  /** Shape of the latents of one image. */
  readonly latentShape: Shape;
}

/** All that is random about one variation. */
export interface VariationNoise {
  /** Normal noise for the image's embedding, `[width]`. */
  readonly embedding: Tensor<"float32">;
  /** Normal noise that the latents begin as. */
  readonly latents: Tensor<"float32">;
}

function normal(random: RandomStream, shape: Shape): Tensor<"float32"> {
  const data = Float32Array.from({ length: elementCount(shape) }, () => random.normal());
  return tensor("float32", shape, data);
}

/**
 * The noise of one variation, independent of what else is generated. The variations of an image share the noise of
 * its embedding, and begin at latents of their own, as in diffusers' `StableUnCLIPImg2ImgPipeline`.
 *
 * @param key names the image, such as its path within its data set
 * @param index which of the image's variations, from 0
 */
export function variationNoise(
  seed: number,
  key: string,
  index: number,
  { embeddingWidth, latentShape }: VariationNoiseShapes,
): VariationNoise {
  return {
    embedding: normal(new RandomStream(seed, "variation embedding", key), [embeddingWidth]),
    latents: normal(new RandomStream(seed, "variation latents", key, index), latentShape),
  };
}
