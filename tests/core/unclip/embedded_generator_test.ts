import { assert, assertEquals } from "@std/assert";
import type { Dataset, RgbImage } from "../../../core/data/dataset.ts";
import { imagesInMemory } from "../../../core/data/dataset_of.ts";
import { openEmoji } from "../../../core/data/emoji/mod.ts";
import { spreadSamples, subset } from "../../../core/data/mod.ts";
import { clipEvaluationView } from "../../../core/data/clip_preprocessing.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { evaluationLoader } from "../../../core/data/loader/evaluation_loader.ts";
import { openTokenNetwork } from "../../../core/encoders/open_token_network.ts";
import type { Tensor } from "../../../core/engine/graph/tensor.ts";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { analyze, extractMissing } from "../../../core/masking/mod.ts";
import { maskSection } from "../../../core/report/mask_section.ts";
import { PublishedFolder, UnclipPipeline } from "../../../core/unclip/mod.ts";
import { trainedImageSize } from "../../../core/unclip/training/published_parts.ts";
import { normalNoise } from "../../../core/unclip/training/train_autoencoder.ts";
import { embeddedGenerator } from "../../../core/weights/embedded_generator.ts";
import { inFolder } from "../../in_folder.ts";

const placement = { device: CPU, threads: 1 };

/** Some emoji on backgrounds that training has not seen. */
async function heldOut(count: number) {
  const emoji = await openEmoji("google", { seed: 1000 });
  const indices = Array.from({ length: emoji.length }, (_, i) => i);
  return subset(emoji, spreadSamples(emoji, indices, count));
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    bytes += isDirectory ? await bytesIn(path) : (await Deno.stat(path)).size;
  }
  return bytes;
}

Deno.test("the embedded generator is small", async () => {
  const bytes = await bytesIn(await embeddedGenerator());
  assert(bytes <= 16e6, `${bytes} bytes`);
});

for (const [imageSize, correlation] of [[64, 0.8], [96, 0.76]] as const) {
  Deno.test(`the embedded network's masks at ${imageSize} pixels beat a square in the middle, and their ratios follow the true ones`, () =>
    inFolder(async (folder) => {
      const dataset = await heldOut(100);
      const network = await openTokenNetwork({ model: "embedded", imageSize });
      const indices = Array.from({ length: dataset.length }, (_, i) => i);
      await extractMissing(network, dataset, indices, {
        ...{ folder, dtype: "float32", batchSize: 50, ...placement },
      });
      const keys = indices.map((index) => dataset.sample(index).key);
      const rule = { kind: "quantile", share: 0.4 } as const;
      const analysis = await analyze(network, keys, { folder, rule, ...placement });
      const { view, grid } = network;
      const { comparison } = await maskSection({ analysis, dataset, view, grid, shown: 1 });
      const { masks, centerSquare } = comparison;
      assert(
        masks.intersectionOverUnion > 0.7,
        `intersection over union ${masks.intersectionOverUnion}`,
      );
      assert(masks.intersectionOverUnion > centerSquare.intersectionOverUnion + 0.1);
      assert(masks.ratioCorrelation > correlation, `correlation ${masks.ratioCorrelation}`);
    }));
}

/** The images of a batch, one by one. */
function imagesOf({ shape, data }: Tensor<"uint8">): RgbImage[] {
  const [count, height, width, channels] = shape as [number, number, number, number];
  const each = height * width * channels;
  return Array.from(
    { length: count },
    (_, i) => ({ width, height, data: data.slice(i * each, (i + 1) * each) }),
  );
}

/** The share of embeddings that are nearest to the one of their own row, by cosine similarity. */
function recognised({ shape, data }: Tensor<"float32">, originals: Tensor<"float32">): number {
  const [rows, width] = shape as [number, number];
  const row = (of: Float32Array, index: number) => of.subarray(index * width, (index + 1) * width);
  const similarity = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, value, i) => sum + value * b[i]!, 0) / Math.hypot(...b);
  let found = 0;
  for (let i = 0; i < rows; i++) {
    const own = similarity(row(data, i), row(originals.data, i));
    const isNearest = Array.from(
      { length: rows },
      (_, j) => j === i || similarity(row(data, i), row(originals.data, j)) < own,
    );
    found += Number(isNearest.every(Boolean));
  }
  return found / rows;
}

Deno.test("the embedded generator's variations at level 0 are recognised by its image encoder", async () => {
  const count = 64;
  const folder = await embeddedGenerator();
  using pipeline = await UnclipPipeline.create(folder, {
    ...{ batchSize: count, steps: 12, guidanceScale: 3, scheduler: "dpm-solver++", ...placement },
  });
  const { imageSize, embeddingWidth, latentShape } = pipeline;
  const view = clipEvaluationView(imageSize, CLIP_NORMALIZATION);
  const embed = async (dataset: Dataset) => {
    const [batch] = await Array.fromAsync(evaluationLoader(dataset, view, { batchSize: count }));
    return await pipeline.embed(batch!.images);
  };
  const embeddings = await embed(await heldOut(count));
  const { images } = await pipeline.generate({
    embeddings,
    embeddingNoise: normalNoise(0, "embedding", 0, [count, embeddingWidth]),
    noiseLevels: new Array<number>(count).fill(0),
    latents: normalNoise(0, "latents", 0, [count, ...latentShape]),
  });
  const side = await trainedImageSize(new PublishedFolder(folder));
  assertEquals(images.shape, [count, side, side, 3]);
  const share = recognised(await embed(imagesInMemory("variations", imagesOf(images))), embeddings);
  assert(share >= 0.85, `${share} recognised, ${1 / count} by chance`);
});
