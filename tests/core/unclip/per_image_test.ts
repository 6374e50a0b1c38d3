import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import {
  generateVariations,
  type WantedVariation,
} from "../../../core/unclip/generate_variations.ts";
import { UnclipPipeline } from "../../../core/unclip/pipeline.ts";
import { settleRequest, type VariationRequest } from "../../../core/unclip/variation_request.ts";
import { variationNoise } from "../../../core/unclip/variation_noise.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import { picture, readPipelineGolden, thin, withPipelineFolder } from "./pipeline_golden.ts";
import { relativeError } from "./relative_error.ts";

/** What the reference was asked for one image. */
interface ImageCase {
  readonly image: number | null;
  readonly prompt: string;
  readonly negative: string;
  readonly level: number;
  readonly guidance: number;
}

const golden = await readPipelineGolden();
const PATH = new URL("../../../fixtures/golden/unclip_per_image", import.meta.url).pathname;
const { tensors } = await readSafetensors(`${PATH}.safetensors`);
const { steps, step, images }: {
  readonly steps: number;
  readonly step: number;
  readonly images: readonly ImageCase[];
} = JSON.parse(await Deno.readTextFile(`${PATH}.json`));

/** Rows of one width after each other. */
function rows(of: readonly Tensor<"float32">[]): Tensor<"float32"> {
  const data = new Float32Array(of.flatMap(({ data }) => [...data]));
  return tensor("float32", [of.length, ...of[0]!.shape.slice(1)], data);
}

/** All images of the golden in one request; those without a picture have one that is to be ignored. */
async function requestOf(pipeline: UnclipPipeline): Promise<VariationRequest> {
  const { imageSize, embeddingWidth, latentShape } = pipeline;
  const views = images.map(({ image }) => pipeline.cut(picture(golden, image ?? 1)));
  const pixels = new Uint8Array(views.flatMap((view) => [...view]));
  const each = (name: string, shape: readonly number[]) =>
    rows(images.map((_, i) => hashedTensor(`each/${i}/${name}`, [1, ...shape], 1.7)));
  return {
    embeddings: await pipeline.embed(
      tensor("uint8", [images.length, imageSize, imageSize, 3], pixels),
    ),
    imageConditions: images.map(({ image }) => image !== null),
    noiseLevels: images.map(({ level }) => level),
    embeddingNoise: each("noise", [embeddingWidth]),
    latents: each("latents", latentShape),
    prompts: images.map(({ prompt }) => prompt),
    negativePrompts: images.map(({ negative }) => negative),
    guidanceScales: images.map(({ guidance }) => guidance),
  };
}

Deno.test("UnclipPipeline gives diffusers' images where each has its own condition, prompt and guidance", () =>
  withPipelineFolder(golden, async (folder) => {
    // Batches of guided and unguided images, with pictures and without.
    using pipeline = await UnclipPipeline.create(folder, { batchSize: 3, steps, threads: 1 });
    const latents = await pipeline.denoise(await requestOf(pipeline));
    const expected = tensors.get("latents")!;
    const each = latents.data.length / images.length;
    for (const [i, asked] of images.entries()) {
      const [found, theirs] = [latents, expected].map(({ data }) =>
        tensor(
          "float32",
          [each],
          Float32Array.from(data.subarray(i * each, (i + 1) * each), Number),
        )
      );
      const error = relativeError(found!, theirs!);
      assert(error <= 1e-4, `${JSON.stringify(asked)} differs by ${error} of the largest`);
    }
    const made = thin((await pipeline.decode(latents)).images, step);
    const theirs = tensors.get("images")!;
    assertEquals(made.shape, theirs.shape);
    assert(made.data.every((value, i) => Math.abs(value - Number(theirs.data[i]!)) <= 2));
  }));

Deno.test("generateVariations() hands each its prompt, guidance and condition on, and reads no image without one", () =>
  withPipelineFolder(golden, async (folder) => {
    using pipeline = await UnclipPipeline.create(folder, { batchSize: 2, steps: 1, threads: 1 });
    const source = {
      kind: "rendered",
      name: "picture",
      render: () => Promise.resolve(picture(golden, 0)),
    } as const;
    const base = { level: 100, index: 0 };
    const wanted: WantedVariation[] = [
      { ...base, key: "a", source, prompt: "a photo of a cat", guidanceScale: 3 },
      { ...base, key: "b", negativePrompt: "the sea at night", guidanceScale: 1 },
      { ...base, key: "c", source },
    ];
    const made = (await Array.fromAsync(generateVariations(pipeline, wanted, {
      ...{ seed: 5, batchSize: 2, prompt: "for all", negativePrompt: "against all" },
      onUnreadable: (error) => {
        throw error;
      },
      onFailure: (_, stage) => {
        throw new Error(stage);
      },
    }))).flat();
    assertEquals(made.map(({ wanted: { key } }) => key), ["a", "b", "c"]);
    const { imageSize, embeddingWidth } = pipeline;
    const view = pipeline.cut(picture(golden, 0));
    const embedding = await pipeline.embed(tensor("uint8", [1, imageSize, imageSize, 3], view));
    for (const [i, { key, source, prompt, negativePrompt, guidanceScale }] of wanted.entries()) {
      const noise = variationNoise(5, key, 0, pipeline);
      const alone = await pipeline.generate({
        embeddings: source === undefined ? hashedTensor("ignored", [1, embeddingWidth]) : embedding,
        imageConditions: source !== undefined,
        noiseLevels: 100,
        embeddingNoise: tensor("float32", [1, embeddingWidth], noise.embedding.data),
        latents: tensor("float32", [1, ...pipeline.latentShape], noise.latents.data),
        prompts: prompt ?? "for all",
        negativePrompts: negativePrompt ?? "against all",
        guidanceScales: guidanceScale ?? 10,
      });
      const differences = made[i]!.image.data.map((value, at) =>
        Math.abs(value - alone.images.data[at]!)
      );
      // A product of matrices may sum in another order where there are more rows.
      assert(differences.every((difference) => difference <= 1), key);
    }
  }));

Deno.test("settleRequest() gives each image what is said for all, and refuses guidance that there is none of", () => {
  const request = {
    embeddings: hashedTensor("embeddings", [2, 3]),
    embeddingNoise: hashedTensor("noise", [2, 3]),
    latents: hashedTensor("latents", [4, 1, 2, 2]),
    noiseLevels: 0,
  };
  const settle = (guidanceScales: number | readonly number[] | undefined, guidanceScale = 10) =>
    settleRequest({ ...request, ...(guidanceScales !== undefined && { guidanceScales }) }, {
      ...{ latentShape: [1, 2, 2], guidanceScale },
    });
  assertEquals(settle(undefined), {
    prompts: ["", ""],
    negativePrompts: ["", ""],
    guidanceScales: [10, 10],
    imageConditions: [true, true],
  });
  assertEquals(settle([1, 3]).guidanceScales, [1, 3]);
  assertEquals(settle(1, 1).guidanceScales, [1, 1]);
  const refuse = (scales: number | readonly number[], message: string, opened?: number) =>
    assertThrows(() => settle(scales, opened), RangeError, message);
  refuse(0.5, "a guidance scale must be a number from 1, found 0.5");
  refuse(NaN, "found NaN");
  refuse([1], "there must be as many guidance scales, found 1");
  refuse([1, 2], "the pipeline was opened with a guidance scale of 1", 1);
});
