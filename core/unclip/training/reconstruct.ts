/**
 * Images as an autoencoder gives them back.
 *
 * @module
 */
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import { pixelsOf } from "../network_graphs.ts";
import { type AutoencoderConfig, decodeLatents, encodeImages } from "../networks/autoencoder.ts";
import { openAutoencoder } from "./autoencoder_session.ts";
import type { OwnNetwork } from "./generator_networks.ts";

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
  const { config } = network;
  using session = await openAutoencoder(network, images.shape, (scope, pixels) => {
    const { mean } = encodeImages(scope, pixels, config);
    return { reconstructed: pixelsOf(decodeLatents(scope, mean, config)) };
  }, placement);
  return (await session.run({ images })).reconstructed as Tensor<"uint8">;
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
