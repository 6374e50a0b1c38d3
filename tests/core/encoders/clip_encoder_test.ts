import { assert, assertEquals, assertRejects } from "@std/assert";
import { clipConvNextTower } from "../../../core/backbones/clip_convnext.ts";
import { ClipEncoder, createClipSession } from "../../../core/encoders/clip_encoder.ts";
import { clipVisionTransformerTower } from "../../../core/backbones/clip_vision_transformer.ts";
import { readClipWeights } from "../../../core/backbones/clip_weights.ts";
import { normalizePixels } from "../../../core/data/normalize_pixels.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { allocate } from "../../../core/engine/graph/dtype.ts";
import { type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { reduceMean } from "../../../core/engine/ops/mod.ts";
import { openTensors } from "../../../core/weights/open_tensors.ts";
import { runGraph } from "../../run_graph.ts";
import {
  assertSmall,
  errorsOf,
  hashedImages,
  measureTower,
  readTowerGolden,
  withFolder,
  writeEntries,
} from "../backbones/clip_golden.ts";

const VIT = { patch: 14, width: 80, layers: 3, heads: 2, embedding: 64 } as const;
const transformer = clipVisionTransformerTower(VIT);
const quick = clipVisionTransformerTower({ ...VIT, activation: "quick_gelu" });
const convNext = clipConvNextTower({
  depths: [2, 2, 3, 2],
  widths: [16, 32, 64, 128],
  embedding: 48,
});

const TOWERS = {
  open_clip: transformer,
  open_clip_quick: quick,
  transformers: transformer,
  transformers_quick: quick,
  open_clip_convnext: convNext,
  timm_convnext: convNext,
};

for (const [name, tower] of Object.entries(TOWERS)) {
  Deno.test(`ClipEncoder gives the tokens and embeddings of the library: ${name}`, async () => {
    const golden = await readTowerGolden("clip_towers", name);
    const errors = await withFolder(async (path) => {
      await writeEntries(path("model.safetensors"), golden.entries);
      return await measureTower(path("model.safetensors"), tower, name, golden);
    });
    assertSmall(errors, 1e-5);
  });
}

for (const name of ["open_clip", "transformers", "timm_convnext"] as const) {
  Deno.test(`A tower that is a part of another graph is fed with the weights: ${name}`, async () => {
    const golden = await readTowerGolden("clip_towers", name);
    const { size } = golden;
    await withFolder(async (path) => {
      await writeEntries(path("model.safetensors"), golden.entries);
      using file = await openTensors(path("model.safetensors"));
      // As in a training step, where the other networks train: the tower has no other mode.
      const scope = new Scope({ training: true });
      const images = input("images", "uint8", [2, size, size, 3]);
      const outputs = TOWERS[name].apply(scope, normalizePixels(images, CLIP_NORMALIZATION));
      assertEquals(scope.written.size, 0);
      const feeds: Record<string, Tensor> = { images: hashedImages(size) };
      for await (const [key, value] of readClipWeights(file, scope.declarations)) {
        feeds[key] = value;
      }
      const results = await runGraph({ ...outputs }, feeds);
      const found = { tokens: results.tokens!, pooled: results.pooled! };
      assertSmall(errorsOf(found, name, golden), 1e-5);
    });
  });
}

/** The nearest float16 of each element. */
function halved(_: string, value: Tensor<"float32">): Tensor {
  const data = allocate("float16", value.data.length);
  data.set(value.data);
  return tensor("float16", value.shape, data);
}

Deno.test("ClipEncoder reads weights of float16 and computes in float32", async () => {
  for (const name of ["open_clip", "transformers", "open_clip_convnext"] as const) {
    const golden = await readTowerGolden("clip_towers", name);
    const errors = await withFolder(async (path) => {
      await writeEntries(path("half.safetensors"), golden.entries, halved, "float16");
      return await measureTower(path("half.safetensors"), TOWERS[name], name, golden);
    });
    assertSmall(errors, 2e-3);
    // Rounded weights make other features; equal ones would mean that the file was not read.
    assert(errors.tokens > 1e-6);
  }
});

Deno.test("ClipEncoder computes in float16, with normalisation in float32", async () => {
  const golden = await readTowerGolden("clip_towers", "open_clip");
  const errors = await withFolder(async (path) => {
    await writeEntries(path("half.safetensors"), golden.entries, halved, "float16");
    const options = { precision: "float16" } as const;
    return await measureTower(path("half.safetensors"), transformer, "open_clip", golden, options);
  });
  assertSmall(errors, 1e-2);
});

const MODEL = { ...transformer, inputSize: 56, normalize: CLIP_NORMALIZATION };

Deno.test("ClipEncoder follows links, as the hub's cache has them", async () => {
  const { entries } = await readTowerGolden("clip_towers", "open_clip");
  await withFolder(async (path) => {
    await Deno.mkdir(path("blobs"));
    await Deno.mkdir(path("snapshots"));
    await writeEntries(path("blobs/0123abcd"), entries);
    await Deno.symlink("../blobs/0123abcd", path("snapshots/model.safetensors"));
    using file = await openTensors(path("snapshots/model.safetensors"));
    using encoder = await ClipEncoder.create(file, { model: MODEL, batchSize: 2 });
    assertEquals((await encoder.encode(hashedImages(56))).tokens.shape, [2, 16, 80]);
  });
});

Deno.test("ClipEncoder cuts what a short batch does not fill, and refuses what does not fit", async () => {
  const { entries } = await readTowerGolden("clip_towers", "open_clip");
  await withFolder(async (path) => {
    await writeEntries(path("model.safetensors"), entries);
    using file = await openTensors(path("model.safetensors"));
    using encoder = await ClipEncoder.create(file, { model: MODEL, batchSize: 2 });
    const images = hashedImages(56);
    const { tokens, pooled } = await encoder.encode(images);
    const last = tensor("uint8", [1, 56, 56, 3], images.data.slice(images.data.length / 2));
    const alone = await encoder.encode(last);
    assertEquals(alone.tokens, tensor("float32", [1, 16, 80], tokens.data.slice(16 * 80)));
    assertEquals(alone.pooled, tensor("float32", [1, 64], pooled.data.slice(64)));
    await assertRejects(
      () => encoder.encode(hashedImages(28)),
      RangeError,
      "Cannot encode uint8[2,28,28,3]: at most uint8[2,56,56,3] fits",
    );
  });
});

Deno.test("createClipSession() computes what is made of the outputs", async () => {
  const { entries, ...golden } = await readTowerGolden("clip_towers", "open_clip");
  await withFolder(async (path) => {
    await writeEntries(path("model.safetensors"), entries);
    using file = await openTensors(path("model.safetensors"));
    using session = await createClipSession(
      file,
      normalizePixels(input("images", "uint8", [2, 56, 56, 3]), MODEL.normalize),
      ({ tokens }) => ({ mean: reduceMean(tokens, { axes: [0, 1] }) }),
      { model: MODEL },
    );
    const { mean } = await session.run({ images: hashedImages(56) });
    const expected = Array.from({ length: 80 }, (_, i) => {
      let sum = 0;
      for (let row = 0; row < 32; row++) sum += Number(golden.tokens.data[row * 80 + i]!) / 32;
      return sum;
    });
    const error = Math.max(...expected.map((value, i) => Math.abs(Number(mean!.data[i]) - value)));
    assert(error < 1e-5, `the means differ by ${error}`);
  });
});
