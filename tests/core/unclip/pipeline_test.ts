import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { copiesOf } from "../../../core/unclip/network_copies.ts";
import { UnclipPipeline } from "../../../core/unclip/pipeline.ts";
import type { UnclipOptions } from "../../../core/unclip/pipeline_parts.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import {
  picture,
  type PipelineCase,
  readPipelineGolden,
  thin,
  withPipelineFolder,
} from "./pipeline_golden.ts";
import { relativeError } from "./relative_error.ts";

const golden = await readPipelineGolden();

/** The cases of one kind, by their numbers, as they need pipelines of their own. */
function casesWhere(suits: (given: PipelineCase) => boolean): number[] {
  const found = [...golden.cases.keys()].filter((index) => suits(golden.cases[index]!));
  assert(found.length > 0);
  return found;
}

function cutImages(pipeline: UnclipPipeline, indices: readonly number[]): Tensor<"uint8"> {
  const size = pipeline.imageSize;
  const data = new Uint8Array(indices.length * size * size * 3);
  indices.forEach((index, i) =>
    data.set(pipeline.cut(picture(golden, index)), i * size * size * 3)
  );
  return tensor("uint8", [indices.length, size, size, 3], data);
}

/** What a case asks of a pipeline. */
async function requestOf(pipeline: UnclipPipeline, index: number) {
  const { images, perPrompt, level, prompt, negative } = golden.cases[index]!;
  const total = images.length * perPrompt;
  return {
    embeddings: await pipeline.embed(cutImages(pipeline, images)),
    embeddingNoise: hashedTensor(
      `${index}/noise`,
      [images.length, pipeline.embeddingWidth],
      1.7,
    ),
    latents: hashedTensor(`${index}/latents`, [total, ...pipeline.latentShape], 1.7),
    noiseLevels: level,
    prompts: prompt,
    negativePrompts: negative ?? "",
  };
}

/** Errors of a case: of the latents, as a share of the largest, and of the images, in grey levels. */
async function measure(pipeline: UnclipPipeline, index: number) {
  const request = await requestOf(pipeline, index);
  const latents = await pipeline.denoise(request);
  const images = thin((await pipeline.decode(latents)).images, golden.step);
  const expected = golden.tensors.get(`${index}/images`)!;
  assertEquals(images.shape, expected.shape);
  const differences = images.data.map((value, i) => Math.abs(value - Number(expected.data[i]!)));
  return {
    latents: relativeError(latents, golden.tensors.get(`${index}/latents`)!),
    grey: differences.reduce((most, value) => Math.max(most, value), 0),
  };
}

function check(name: string, indices: readonly number[], options: Partial<UnclipOptions> = {}) {
  Deno.test(`UnclipPipeline gives diffusers' images: ${name}`, async () => {
    await withPipelineFolder(golden, async (folder) => {
      const { guidance, steps, scheduler, size } = golden.cases[indices[0]!]!;
      using pipeline = await UnclipPipeline.create(folder, {
        batchSize: 2,
        guidanceScale: guidance,
        steps,
        scheduler,
        size,
        threads: 1,
        ...options,
      });
      for (const index of indices) {
        const { latents, grey } = await measure(pipeline, index);
        const found = `${JSON.stringify(golden.cases[index])}: ${latents}, ${grey} grey levels`;
        assert(grey <= 2 && latents <= 1e-4, found);
      }
    });
  });
}

const whole = (given: PipelineCase) => given.scheduler === "pndm" && given.steps === 20;
const one = (given: PipelineCase) => given.images.length === 1;
check(
  "levels 0 to 400 without guidance",
  casesWhere((given) => whole(given) && given.guidance === 1),
  { batchSize: 1 },
);
check(
  "levels 0 to 400 with guidance 10",
  casesWhere((given) => whole(given) && one(given) && given.guidance === 10),
  { batchSize: 1 },
);
check(
  "three images with a prompt, in batches of two",
  casesWhere((given) => whole(given) && !one(given)),
);
check(
  "several images for each, a negative prompt, 5 steps",
  casesWhere((given) => given.steps === 5 && given.perPrompt > 1),
);
check("DDIM", casesWhere(({ scheduler }) => scheduler === "ddim"), { batchSize: 1 });
check("DPM-Solver++", casesWhere(({ scheduler }) => scheduler === "dpm-solver++"), {
  batchSize: 1,
});
check("images that are not square", casesWhere(({ size }) => size[0] !== size[1]), {
  batchSize: 1,
});

Deno.test("UnclipPipeline.embed() gives transformers' embeddings, in batches", async () => {
  await withPipelineFolder(golden, async (folder) => {
    using pipeline = await UnclipPipeline.create(folder, { batchSize: 2, threads: 1 });
    assertEquals([pipeline.imageSize, pipeline.calls], [56, 21]);
    const embeddings = await pipeline.embed(cutImages(pipeline, [0, 1, 2]));
    const error = relativeError(embeddings, golden.tensors.get("embeddings")!);
    assert(error <= 1e-4, `differ by ${error} of the largest`);
  });
});

Deno.test("UnclipPipeline makes the same image in whatever batch, and reports its calls", async () => {
  const [index] = casesWhere(({ images, steps }) => images.length === 2 && steps === 5);
  await withPipelineFolder(golden, async (folder) => {
    const results: Tensor[] = [];
    for (const batchSize of [1, 3]) {
      using pipeline = await UnclipPipeline.create(folder, { batchSize, steps: 5, threads: 1 });
      const reports: string[] = [];
      const request = await requestOf(pipeline, index!);
      results.push(
        await pipeline.denoise({
          ...request,
          onCall: (done, total) => reports.push(`${done} of ${total}`),
        }),
      );
      const calls = Math.ceil(4 / batchSize) * pipeline.calls;
      assertEquals([reports.length, reports.at(-1)], [calls, `${calls} of ${calls}`]);
    }
    assert(relativeError(results[1]!, results[0]!) <= 1e-4);
  });
});

Deno.test("copies of small networks share a batch on the CPU, and make the same images", async () => {
  const [index] = casesWhere(({ images, steps }) => images.length === 2 && steps === 5);
  await withPipelineFolder(golden, async (folder) => {
    const results: Tensor<"uint8">[] = [];
    for (const threads of [1, 2]) {
      using pipeline = await UnclipPipeline.create(folder, { batchSize: 8, steps: 5, threads });
      const { images, failures } = await pipeline.generate(await requestOf(pipeline, index!));
      assertEquals(failures.size, 0);
      results.push(images);
    }
    const [one, two] = results.map(({ data }) => data);
    assertEquals(results[0]!.shape[0], 4);
    assert(one!.every((value, i) => Math.abs(value - two![i]!) <= 1));
  });
});

Deno.test("as many copies of a network share a batch as divide it, small ones alone", () => {
  const counts = (batchSize: number, threads: number, bytes = 1e7) =>
    copiesOf({ batchSize, threads, bytes });
  assertEquals(counts(32, 2), { count: 2, threads: 1 });
  assertEquals(counts(32, 20), { count: 8, threads: 2 });
  assertEquals(counts(15, 8), { count: 3, threads: 2 });
  assertEquals(counts(7, 4), { count: 1, threads: 4 });
  assertEquals(counts(1, 4), { count: 1, threads: 4 });
  assertEquals(counts(32, 8, 1e9), { count: 1, threads: 8 });
  const device = { provider: "cuda", index: 0 } as const;
  assertEquals(copiesOf({ device, batchSize: 8, bytes: 10 }), { count: 1, threads: undefined });
});

Deno.test("UnclipPipeline computes in float16", async () => {
  const [index] = casesWhere((given) =>
    whole(given) && given.guidance === 1 && given.level === 100
  );
  await withPipelineFolder(golden, async (folder) => {
    const options = { batchSize: 1, steps: 20, guidanceScale: 1, threads: 1 };
    using pipeline = await UnclipPipeline.create(folder, { ...options, precision: "float16" });
    const { latents } = await measure(pipeline, index!);
    assert(latents > 1e-6 && latents <= 5e-2, `differ by ${latents} of the largest`);
  });
});

Deno.test("UnclipPipeline refuses what does not fit, and stops when told", async () => {
  await withPipelineFolder(golden, async (folder) => {
    await assertRejects(
      () => UnclipPipeline.create(folder, { batchSize: 0 }),
      RangeError,
      "the batch size must be a positive integer, found 0",
    );
    await assertRejects(
      () => UnclipPipeline.create(folder, { batchSize: 1, size: [100, 128] }),
      RangeError,
      "Cannot generate images of 100x128 pixels: both must be multiples of 8",
    );
    using pipeline = await UnclipPipeline.create(folder, { batchSize: 1, steps: 5, threads: 1 });
    const request = await requestOf(pipeline, 0);
    await assertRejects(
      () => pipeline.denoise({ ...request, prompts: ["one", "two"] }),
      RangeError,
      "Cannot generate variations of 1 image: there must be as many prompts, found 2",
    );
    await assertRejects(
      () => pipeline.denoise({ ...request, latents: hashedTensor("x", [1, 4, 8, 8]) }),
      RangeError,
      "latents must be [1 k,4,16,16], found float32[1,4,8,8]",
    );
    const controller = new AbortController();
    const stop = (done: number) => done === 2 && controller.abort(new Error("enough"));
    await assertRejects(
      () => pipeline.denoise({ ...request, onCall: stop, signal: controller.signal }),
      Error,
      "enough",
    );
    await Deno.remove(`${folder}/vae/diffusion_pytorch_model.safetensors`);
    await assertRejects(
      () => UnclipPipeline.create(folder, { batchSize: 1, threads: 1 }),
      Deno.errors.NotFound,
      "Cannot find the weights of the vae in",
    );
  });
});
