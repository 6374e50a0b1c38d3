import { publishedUnet } from "../../../../core/unclip/training/published_configuration.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { RgbImage } from "../../../../core/data/dataset.ts";
import { float32, int64, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import {
  parseAutoencoder,
  parseTextEncoder,
  parseUnet,
} from "../../../../core/unclip/network_config.ts";
import { UnclipPipeline } from "../../../../core/unclip/pipeline.ts";
import { PublishedFolder } from "../../../../core/unclip/published_folder.ts";
import { parseNoiseSchedule, parseScheduler } from "../../../../core/unclip/scheduler_config.ts";
import {
  type GeneratorParts,
  writeGeneratorFolder,
} from "../../../../core/unclip/training/generator_folder.ts";
import { ClipTokenizer } from "../../../../core/unclip/tokenizer.ts";
import { openSafetensors, readSafetensors } from "../../../../core/weights/safetensors.ts";
import { inFolder } from "../../../in_folder.ts";
import { hashedTensor } from "../../engine/nn/hashed_values.ts";
import { relativeError } from "../relative_error.ts";
import { ADAPTIVE_UNET, AUTOENCODER, hashedParts, TEXT_ENCODER, UNET } from "./hashed_generator.ts";

const GOLDEN = new URL("../../../../fixtures/golden/generator_folder", import.meta.url).pathname;
const { tensors: golden } = await readSafetensors(`${GOLDEN}.safetensors`);
const { cases, pictures, texts }: {
  cases: { images: number[]; prompt: string; level: number; guidance: number; steps: number }[];
  pictures: [number, number][];
  texts: string[];
} = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`));

const NETWORKS = ["image_encoder", "image_normalizer", "text_encoder", "unet", "vae"] as const;

/** A source image, of hashed bytes. */
function picture(index: number): RgbImage {
  const [width, height] = pictures[index]!;
  const { data } = hashedTensor(`picture/${index}`, [height, width, 3]);
  return { width, height, data: Uint8Array.from(data, (value) => (value + 1) * 128) };
}

function cut(pipeline: UnclipPipeline, images: readonly number[]): Tensor<"uint8"> {
  const data = images.flatMap((image) => [...pipeline.cut(picture(image))]);
  const { imageSize: size } = pipeline;
  return tensor("uint8", [images.length, size, size, 3], Uint8Array.from(data));
}

/** Compares the images of a folder with diffusers' of the same. */
async function assertGenerates(
  folder: string,
  reference: "float32" | "float16" | "adaptive",
  indices: readonly number[],
) {
  for (const index of indices) {
    const given = cases[index]!;
    const count = given.images.length;
    using pipeline = await UnclipPipeline.create(folder, {
      batchSize: count,
      steps: given.steps,
      guidanceScale: given.guidance,
      threads: 1,
    });
    const embeddings = await pipeline.embed(cut(pipeline, given.images));
    const { embeddingWidth, latentShape } = pipeline;
    const request = {
      embeddings,
      embeddingNoise: hashedTensor(`${index}/noise`, [count, embeddingWidth], 1.7),
      latents: hashedTensor(`${index}/latents`, [count, ...latentShape], 1.7),
      noiseLevels: given.level,
      prompts: given.prompt,
    };
    const latents = await pipeline.denoise(request);
    const wanted = golden.get(`${reference}/${index}/images`)!;
    const { images } = await pipeline.decode(latents);
    assertEquals(images.shape, wanted.shape);
    const grey = images.data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - Number(wanted.data[i]!))),
      0,
    );
    const error = relativeError(latents, golden.get(`${reference}/${index}/latents`)!);
    const found = `${JSON.stringify(given)}: ${error}, ${grey} grey levels`;
    // diffusers resizes by torchvision, which rounds otherwise than Pillow.
    assert(grey <= 2 && error <= 1e-3, found);
  }
}

Deno.test("writeGeneratorFolder() writes what diffusers and our pipeline make the same images of, in float32 and in float16", async () => {
  await inFolder(async (folder) => {
    const parts = await hashedParts(join(folder, "parts"));
    for (const [precision, indices] of [["float32", [0, 1, 2]], ["float16", [1]]] as const) {
      const path = join(folder, "generators", precision);
      await writeGeneratorFolder(path, { ...parts, precision });
      await assertGenerates(path, precision, indices);
    }
    assertEquals([...Deno.readDirSync(join(folder, "generators"))].length, 2);
  });
});

Deno.test("writeGeneratorFolder() writes what diffusers and our pipeline make the same images of, with adaptive group normalisation and a width of the timestep's embedding", async () => {
  await inFolder(async (folder) => {
    const parts = await hashedParts(join(folder, "parts"), ADAPTIVE_UNET);
    await writeGeneratorFolder(join(folder, "a"), parts);
    await assertGenerates(join(folder, "a"), "adaptive", [0, 1, 2]);
  });
});

Deno.test("writeGeneratorFolder() writes configurations that say what was given", async () => {
  await inFolder(async (folder) => {
    const parts = await hashedParts(join(folder, "parts"));
    await writeGeneratorFolder(join(folder, "a"), parts);
    const written = new PublishedFolder(join(folder, "a"));
    assertEquals(parseUnet(await written.config("unet")), UNET);
    const adaptive = publishedUnet(ADAPTIVE_UNET);
    assertEquals(adaptive["resnet_time_scale_shift"], "scale_shift");
    assertEquals(adaptive["time_embedding_dim"], 40);
    assertEquals(parseAutoencoder(await written.config("vae")), AUTOENCODER);
    assertEquals(parseTextEncoder(await written.config("text_encoder")), TEXT_ENCODER);
    const file = (part: string) => written.config(part, "scheduler_config.json");
    const noise = parseNoiseSchedule(await file("image_noising_scheduler"));
    assertEquals(noise, parts.embeddingNoise);
    const { name, config } = parseScheduler(await file("scheduler"));
    assertEquals([name, { ...config, ...parts.scheduler }], ["dpm-solver++", config]);
  });
});

Deno.test("writeGeneratorFolder() takes every part from other folders, in another precision", async () => {
  await inFolder(async (folder) => {
    const parts = await hashedParts(join(folder, "parts"));
    const source = join(folder, "a");
    await writeGeneratorFolder(source, parts);
    const copied = {
      ...parts,
      imageEncoder: join(source, "image_encoder"),
      featureExtractor: join(source, "feature_extractor"),
      autoencoder: join(source, "vae"),
      unet: join(source, "unet"),
      statistics: join(source, "image_normalizer"),
      textEncoder: join(source, "text_encoder"),
      tokenizer: join(source, "tokenizer"),
    };
    await writeGeneratorFolder(join(folder, "same"), copied);
    await writeGeneratorFolder(join(folder, "half"), { ...copied, precision: "float16" });
    const [same, half] = ["same", "half"].map((name) => new PublishedFolder(join(folder, name)));
    for (const network of NETWORKS) {
      const path = await new PublishedFolder(source).weights(network, "float32");
      const bytes = await Deno.readFile(path);
      assertEquals(await Deno.readFile(await same!.weights(network, "float32")), bytes);
      using file = await openSafetensors(await half!.weights(network, "float32"));
      assertEquals(new Set(file.names.map((name) => file.type(name).dtype)), new Set(["float16"]));
    }
  });
});

Deno.test("writeGeneratorFolder() writes a tokenizer of bytes, whose ids are transformers'", async () => {
  await inFolder(async (folder) => {
    await writeGeneratorFolder(join(folder, "a"), await hashedParts(join(folder, "parts")));
    const tokenizer = await ClipTokenizer.read(join(folder, "a", "tokenizer"), TEXT_ENCODER.tokens);
    const wanted = golden.get("ids")!;
    const ids = tokenizer.encodeAll(texts);
    assertEquals(ids.shape, wanted.shape);
    const row = (
      of: Tensor,
      i: number,
    ) => [...of.data.slice(i * TEXT_ENCODER.tokens, (i + 1) * TEXT_ENCODER.tokens)];
    texts.forEach((text, i) => assertEquals(row(ids, i), row(wanted, i), text));
  });
});

Deno.test("writeGeneratorFolder() refuses what does not fit before it writes anything", async () => {
  await inFolder(async (folder) => {
    const parts = await hashedParts(join(folder, "parts"));
    const path = join(folder, "a");
    const refuses = (
      change: Partial<GeneratorParts>,
      type: new (message?: string) => Error,
      message: string,
    ) => assertRejects(() => writeGeneratorFolder(path, { ...parts, ...change }), type, message);
    const { unet, autoencoder } = parts;
    if (typeof unet === "string" || typeof autoencoder === "string") throw new Error("no networks");

    const renamed = new Map(unet.tensors);
    renamed.delete("conv_in.bias");
    renamed.set("conv_in.offset", float32([8], new Array(8).fill(0)));
    renamed.set("conv_out.bias", float32([1], [0]));
    renamed.set("conv_norm_out.bias", int64([8], new Array(8).fill(0)));
    await refuses(
      { unet: { ...unet, tensors: renamed } },
      TypeError,
      'found 4 that differ: "conv_in.bias" is missing; "conv_in.offset" is not part of it; ' +
        '"conv_out.bias" must be [4], found [1]; "conv_norm_out.bias" must hold floats, found int64[8]',
    );
    const mean = new Float32Array(8);
    await refuses(
      { statistics: { mean, std: mean.map(() => 1) }, tokenizer: { tokens: 77 } },
      TypeError,
      "its parts must fit together:\n  - features of the statistics must be 16, found 8\n" +
        "  - the tokenizer's tokens must be 16, found 77",
    );
    await refuses({ statistics: { mean, std: mean } }, TypeError, "positive deviations");
    await refuses({ imageEncoder: join(folder, "none") }, Deno.errors.NotFound, "none/config.json");
    const large = new Map(autoencoder.tensors);
    const name = "decoder.conv_out.bias";
    large.set(name, float32([3], [0, 1e5, 0]));
    await refuses(
      { autoencoder: { ...autoencoder, tensors: large }, precision: "float16" },
      RangeError,
      `Cannot store "${name}" in float16: its numbers must be in the type's range, found 100000`,
    );
    assertEquals([...Deno.readDirSync(folder)].map((entry) => entry.name), ["parts"]);

    await Deno.mkdir(path);
    await refuses({}, Deno.errors.AlreadyExists, "the name must be free");
  });
});
