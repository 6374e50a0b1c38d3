import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { ClipEncoder } from "../../../../core/encoders/clip_encoder.ts";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import {
  embeddingStatistics,
  type EncodedImages,
  encodeTrainingImages,
} from "../../../../core/unclip/training/encoded_images.ts";
import { writeSafetensors } from "../../../../core/weights/safetensors.ts";
import { inFolder } from "../../../in_folder.ts";
import { hashedTensor } from "../../engine/nn/hashed_values.ts";
import { tenEmoji, TINY } from "./tiny_generator.ts";

/** Writes draws of some images each, and reads them as encoded images: whole files are not encoded again. */
async function readDraws(folder: string, images: readonly number[]) {
  for (const [draw, count] of images.entries()) {
    const latents = [count, 4, 8, 8];
    await writeSafetensors(
      `${folder}/draw-00${draw}.safetensors`,
      new Map([
        ["mean", hashedTensor(`mean ${draw}`, latents)],
        ["logVariance", hashedTensor(`variance ${draw}`, latents)],
        ["embeddings", hashedTensor(`embeddings ${draw}`, [count, 6])],
      ]),
    );
  }
  return await encodeTrainingImages(await tenEmoji(), {
    ...{ folder, draws: images.length, size: TINY.imageSize, autoencoder: new Map() },
    ...{ config: { ...TINY.autoencoder, imageChannels: 3, scale: 1 } },
    // No file is missing, so that nothing is encoded.
    ...{ imageEncoder: undefined as unknown as ClipEncoder, encoderSize: 16, batchSize: 4 },
    placement: { device: CPU, threads: 1 },
  });
}

Deno.test("encodeTrainingImages() gives all images of a draw after those of the one before", () =>
  inFolder(async (folder) => {
    const { count, draws, mean, embeddings } = await readDraws(folder, [10, 10, 10]);
    assertEquals([count, draws], [30, 3]);
    const second = hashedTensor("mean 1", [10, 4, 8, 8]).data;
    assertEquals(mean.data.subarray(10 * 256, 20 * 256), second);
    assertEquals(embeddings.shape, [30, 6]);
  }));

Deno.test("encodeTrainingImages() refuses draws of which one has fewer images", () =>
  inFolder(async (folder) => {
    await assertRejects(
      () => readDraws(folder, [10, 9]),
      TypeError,
      `${folder}/draw-001.safetensors must have the 10 images of ${folder}/draw-000.safetensors, found 9; remove ${folder}`,
    );
  }));

Deno.test("embeddingStatistics() is the mean and deviation of each feature, and refuses embeddings that are all alike", () => {
  const statistics = (...rows: readonly (readonly [number, number])[]) =>
    embeddingStatistics(
      {
        embeddings: tensor("float32", [rows.length, 2], new Float32Array(rows.flat())),
      } as EncodedImages,
    );
  const { mean, std } = statistics([1, 5], [3, 5], [5, 5]);
  assertEquals([...mean], [3, 5]);
  assertEquals([...std], [2, 0]);
  assertThrows(() => statistics([1, 5]), RangeError, "all 1 are alike");
  assertThrows(() => statistics([1, 5], [1, 5]), RangeError, "all 2 are alike");
});
