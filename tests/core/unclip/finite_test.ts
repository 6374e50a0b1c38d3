import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { ImageSource } from "../../../core/data/dataset.ts";
import type { Tensor } from "../../../core/engine/graph/tensor.ts";
import {
  generateVariations,
  type WantedVariation,
} from "../../../core/unclip/generate_variations.ts";
import { UnclipPipeline } from "../../../core/unclip/pipeline.ts";
import type { UnclipOptions } from "../../../core/unclip/pipeline_parts.ts";
import { readSafetensors, writeSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import { picture, readPipelineGolden, withPipelineFolder } from "./pipeline_golden.ts";

const golden = await readPipelineGolden();

/** Changes a tensor of a network's file. */
async function damage(
  folder: string,
  file: string,
  suits: (name: string) => boolean,
  change: (value: Tensor) => void,
): Promise<void> {
  const path = join(folder, file);
  const { tensors } = await readSafetensors(path);
  for (const [name, value] of tensors) if (suits(name)) change(value);
  await writeSafetensors(path, tensors, { overwrite: true });
}

function wantedOf(count: number): WantedVariation[] {
  return Array.from({ length: count }, (_, i): WantedVariation => {
    const source: ImageSource = {
      kind: "rendered",
      name: `${i}`,
      render: () => Promise.resolve(picture(golden, i)),
    };
    return { key: `${i}`, source, level: 100, index: 0 };
  });
}

/** What becomes of two variations. */
async function generate(folder: string, options: Partial<UnclipOptions> = {}) {
  using pipeline = await UnclipPipeline.create(folder, {
    ...{ batchSize: 2, steps: 2, threads: 1 },
    ...options,
  });
  const failures: string[] = [];
  const widened: string[] = [];
  const made = await Array.fromAsync(generateVariations(pipeline, wantedOf(2), {
    ...{ seed: 0, batchSize: 2 },
    onUnreadable: (error) => {
      throw error;
    },
    onFailure: ({ key }, stage) => failures.push(`${key}: ${stage}`),
    onWidened: ({ key }) => widened.push(key),
  }));
  return { failures, widened, images: made.flat().map(({ image }) => image.data) };
}

/** Two images of hashed numbers. */
function requestOf({ embeddingWidth, latentShape }: UnclipPipeline) {
  return {
    embeddings: hashedTensor("embeddings", [2, embeddingWidth]),
    embeddingNoise: hashedTensor("noise", [2, embeddingWidth]),
    latents: hashedTensor("latents", [2, ...latentShape]),
    noiseLevels: 100,
  };
}

/** A tensor of each network, by its name in the network's file. */
const NETWORKS: readonly (readonly [stage: string, file: string, tensor: RegExp])[] = [
  ["image encoder", "image_encoder/model.safetensors", /visual_projection\.weight$/],
  ["image normalizer", "image_normalizer/diffusion_pytorch_model.safetensors", /^mean$/],
  ["text encoder", "text_encoder/model.safetensors", /final_layer_norm\.weight$/],
  ["UNet", "unet/diffusion_pytorch_model.safetensors", /^conv_out\.bias$/],
  ["VAE", "vae/diffusion_pytorch_model.safetensors", /^decoder\.conv_out\.bias$/],
];

for (const [stage, file, name] of NETWORKS) {
  for (const value of [NaN, Infinity]) {
    Deno.test(`a weight of ${value} in the ${stage} fails each image, and names it`, () =>
      withPipelineFolder(golden, async (folder) => {
        await damage(folder, file, (tensor) => name.test(tensor), ({ data }) => data[0] = value);
        const { failures, images } = await generate(folder);
        assertEquals(failures, [`0: ${stage}`, `1: ${stage}`]);
        assertEquals(images, []);
      }));
  }
}

Deno.test("of a batch, only the image fails whose embedding is not finite", () =>
  withPipelineFolder(golden, async (folder) => {
    using pipeline = await UnclipPipeline.create(folder, { batchSize: 2, steps: 2, threads: 1 });
    const [whole, spoilt] = await Promise.all([false, true].map(async (isSpoilt) => {
      const { embeddings, ...request } = requestOf(pipeline);
      if (isSpoilt) embeddings.data[embeddings.data.length - 1] = NaN;
      return await pipeline.generate({ embeddings, ...request });
    }));
    assertEquals([...whole!.failures], []);
    assertEquals([...spoilt!.failures], [[1, "image encoder"]]);
    const each = whole!.images.data.length / 2;
    assertEquals(spoilt!.images.data.slice(0, each), whole!.images.data.slice(0, each));
    assert(spoilt!.images.data.slice(each).every((value) => value === 0));
  }));

Deno.test("a VAE that overflows in float16 decodes in float32, and other images stay as they are", () =>
  withPipelineFolder(golden, async (folder) => {
    const before = await generate(folder, { precision: "float16" });
    assertEquals([before.failures, before.widened], [[], []]);
    await damage(
      folder,
      "vae/diffusion_pytorch_model.safetensors",
      (name) => name.startsWith("decoder.conv_in"),
      // The weight itself overflows: what the CPU computes between two casts it may leave in float32.
      ({ data }) => (data as Float32Array).forEach((value, i) => data[i] = 1e7 * value),
    );
    const exact = await generate(folder, { precision: "float32" });
    assertEquals([exact.failures, exact.widened], [[], []]);
    const { failures, widened, images } = await generate(folder, { precision: "float16" });
    assertEquals([failures, widened], [[], ["0", "1"]]);
    for (const [i, image] of images.entries()) {
      // The latents are those of float16.
      const differences = image.map((value, at) => Math.abs(value - exact.images[i]![at]!));
      const mean = differences.reduce((sum, value) => sum + value, 0) / image.length;
      assert(mean < 8, `differs by ${mean} grey levels`);
      assert(image.some((value) => value > 0));
    }
  }));
