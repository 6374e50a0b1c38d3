/**
 * Images as an autoencoder gives them back.
 *
 * @module
 */
import { cutClipView } from "../../data/clip_preprocessing.ts";
import type { Dataset, RgbImage } from "../../data/dataset.ts";
import { decodeSource } from "../../data/decode/decode_source.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import type { AutoencoderConfig } from "../networks/autoencoder.ts";
import { openAutoencoder, reconstructionGraph } from "./autoencoder_session.ts";
import type { OwnNetwork } from "./generator_networks.ts";
import { stackViews } from "./image_cutter.ts";

/**
 * Images through an autoencoder and back, by the means of their latents.
 *
 * @param images uint8 `[N, H, W, 3]`
 * @returns like the images
 */
export async function reconstructImages(
  network: OwnNetwork<AutoencoderConfig>,
  images: Tensor<"uint8">,
  placement: Placement,
): Promise<Tensor<"uint8">> {
  using session = await openAutoencoder(network, reconstructionGraph, images.shape, placement);
  return (await session.run({ images })).reconstructed as Tensor<"uint8">;
}

/**
 * The images of a data set through an autoencoder and back, cut as a generator's image encoder has them.
 *
 * @param size height and width in pixels
 * @param signal stops between two images
 * @throws {UnreadableImageError} if an image cannot be read
 */
export async function reconstructDataset(
  network: OwnNetwork<AutoencoderConfig>,
  dataset: Dataset,
  size: number,
  placement: Placement,
  signal?: AbortSignal,
): Promise<RgbImage[]> {
  using session = await openAutoencoder(
    network,
    reconstructionGraph,
    [1, size, size, 3],
    placement,
  );
  const found: RgbImage[] = [];
  for (let index = 0; index < dataset.length; index++) {
    signal?.throwIfAborted();
    const image = await decodeSource(dataset.sample(index).source);
    const view = cutClipView(image, { size, crop: "transformers" });
    const outputs = await session.run({ images: stackViews([view], size) });
    const reconstructed = outputs.reconstructed as Tensor<"uint8">;
    found.push({ width: size, height: size, data: reconstructed.data.slice() });
  }
  return found;
}

/**
 * The peak signal-to-noise ratio of images in decibels, the mean over them: 10 log₁₀(255² / mean squared difference).
 *
 * @param images uint8 `[N, …]`
 * @param found like the images
 */
export function peakSignalToNoise(images: Tensor<"uint8">, found: Tensor<"uint8">): number {
  const [count = 0] = images.shape;
  const each = images.data.length / count;
  let sum = 0;
  for (let start = 0; start < images.data.length; start += each) {
    let squares = 0;
    for (let i = start; i < start + each; i++) squares += (images.data[i]! - found.data[i]!) ** 2;
    sum += 10 * Math.log10(255 ** 2 * each / squares);
  }
  return sum / count;
}
