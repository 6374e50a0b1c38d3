/**
 * Image embeddings as a UNet learns from them: standardised, where the network that leaves its training takes them as they are.
 *
 * @module
 */
import { resolve } from "node:path";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import type { EmbeddingStatistics } from "../embedding_noise.ts";

/** The layer that class labels enter: images' embeddings, then the embeddings of their levels of noise. */
export const LABEL_LAYER = "class_embedding.linear_1";

/** Standard deviation of each coordinate. The larger it is, the sooner the UNet heeds embeddings beside the timestep. */
const DEVIATION = 4;

/** Least share of the largest deviation: what hardly differs would be scaled without bound. */
const LEAST_SHARE = 1e-3;

/**
 * Whether a UNet knows the embeddings of an image encoder: those of the generator's own.
 *
 * @param from folder of the generator that is fine-tuned, if one is
 * @param imageEncoder folder that holds the image encoder
 */
export function knowsEmbeddings(from: string | undefined, imageEncoder: string): boolean {
  return from !== undefined && resolve(imageEncoder) === resolve(from);
}

/** What a standardised coordinate of 1 is before. */
function units(std: Float32Array): Float32Array {
  const least = LEAST_SHARE * std.reduce((most, value) => Math.max(most, value), 0);
  return std.map((value) => Math.max(value, least) / DEVIATION);
}

/**
 * Standardises the image embeddings of class labels, in place. Their mean is often larger than what they differ by, and each
 * step of an optimiser would move all features along it.
 *
 * Source: LeCun et al. 1998, "Efficient backprop", section 4.3.
 *
 * @param labels `[n, width]`, of which the first columns are embeddings
 */
export function standardizeLabels(
  { data, shape }: Tensor<"float32">,
  { mean, std }: EmbeddingStatistics,
): void {
  const [count, width] = shape as [number, number];
  const unit = units(std);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < mean.length; column++) {
      const at = row * width + column;
      data[at] = (data[at]! - mean[column]!) / unit[column]!;
    }
  }
}

/** A UNet whose class labels have had an origin subtracted and been multiplied by a scale, as the same function of them before that. */
function withLabelsBefore(
  tensors: ReadonlyMap<string, Tensor>,
  { origin, scale }: { readonly origin: Float32Array; readonly scale: Float32Array },
): Map<string, Tensor> {
  const weight = tensors.get(`${LABEL_LAYER}.weight`) as Tensor<"float32">;
  const bias = tensors.get(`${LABEL_LAYER}.bias`) as Tensor<"float32">;
  const [, width] = weight.shape as [number, number];
  const scaled = weight.data.slice();
  const shifted = Float32Array.from(bias.data, (value, row) => {
    let sum = value;
    for (let column = 0; column < origin.length; column++) {
      const at = row * width + column;
      scaled[at] = weight.data[at]! * scale[column]!;
      sum -= scaled[at] * origin[column]!;
    }
    return sum;
  });
  return new Map([
    ...tensors,
    [`${LABEL_LAYER}.weight`, tensor("float32", weight.shape, scaled)],
    [`${LABEL_LAYER}.bias`, tensor("float32", bias.shape, shifted)],
  ]);
}

/** A UNet of {@linkcode standardizeLabels standardised labels} as the same function of labels as they are. */
export function withPlainLabels(
  tensors: ReadonlyMap<string, Tensor>,
  { mean, std }: EmbeddingStatistics,
): Map<string, Tensor> {
  return withLabelsBefore(tensors, { origin: mean, scale: units(std).map((unit) => 1 / unit) });
}

/** A UNet of labels as they are as the same function of {@linkcode standardizeLabels standardised labels}. */
export function withStandardizedLabels(
  tensors: ReadonlyMap<string, Tensor>,
  { mean, std }: EmbeddingStatistics,
): Map<string, Tensor> {
  const scale = units(std);
  const origin = mean.map((value, column) => -value / scale[column]!);
  return withLabelsBefore(tensors, { origin, scale });
}
