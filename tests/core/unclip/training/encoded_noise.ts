/**
 * What a tiny UNet is trained on, without an autoencoder or an image encoder.
 *
 * @module
 */
import type { UnetData } from "../../../../core/unclip/training/train_unet.ts";
import { hashedTensor } from "../../engine/nn/hashed_values.ts";

/** Coordinates of an embedding. */
export const EMBEDDING_WIDTH = 6;

/** Four images in two draws that stand for encoded ones, for the UNet of the tiny generator. */
export const ENCODED_NOISE: UnetData = {
  images: {
    count: 8,
    draws: 2,
    mean: hashedTensor("mean", [8, 4, 8, 8], 1.7),
    logVariance: hashedTensor("variance", [8, 4, 8, 8], 0.5, -3),
    embeddings: hashedTensor("embeddings", [8, EMBEDDING_WIDTH]),
  },
  statistics: {
    mean: new Float32Array(EMBEDDING_WIDTH),
    std: new Float32Array(EMBEDDING_WIDTH).fill(0.6),
  },
  scale: 1,
  text: hashedTensor("text", [1, 8, 8]),
};
