import { assert, assertEquals, assertRejects } from "@std/assert";
import { clipConvNextTower } from "../../../core/backbones/clip_convnext.ts";
import type { ClipTower } from "../../../core/backbones/clip_tower.ts";
import { clipVisionTransformerTower } from "../../../core/backbones/clip_vision_transformer.ts";
import {
  clipInitializers,
  clipStateDict,
  type Declarations,
  readClipWeights,
} from "../../../core/backbones/clip_weights.ts";
import type { Shape } from "../../../core/engine/graph/shape.ts";
import { int64, type Tensor, tensor, type TensorType } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { openSafetensors, writeSafetensors } from "../../../core/weights/safetensors.ts";
import type { TensorFile } from "../../../core/weights/tensor_file.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import { entryValue, readTowerGolden, withFolder } from "./clip_golden.ts";

const VIT = clipVisionTransformerTower({
  patch: 14,
  width: 80,
  layers: 3,
  heads: 2,
  embedding: 64,
});
const CONVNEXT = clipConvNextTower({
  depths: [2, 2, 3, 2],
  widths: [16, 32, 64, 128],
  embedding: 48,
});

function declare(tower: ClipTower, size: number): Declarations {
  const scope = new Scope();
  tower.apply(scope, input("images", "float32", [1, 3, size, size]));
  return scope.declarations;
}

function shapes(entries: ReadonlyMap<string, { readonly shape: Shape }>): Record<string, Shape> {
  return Object.fromEntries([...entries].sort().map(([name, { shape }]) => [name, shape]));
}

const LAYOUTS = [
  ["open_clip", "open_clip", VIT],
  ["transformers", "transformers", VIT],
  ["open_clip_convnext", "open_clip", CONVNEXT],
  ["timm_convnext", "timm", CONVNEXT],
] as const;

for (const [golden, layout, tower] of LAYOUTS) {
  Deno.test(`clipStateDict() lists the entries of the library's own state dict: ${golden}`, async () => {
    const { entries, size } = await readTowerGolden("clip_towers", golden);
    // CLIP's projection has no bias; timm's layer for it has one.
    const expected = Object.entries(entries).filter(([name]) => name !== "head.fc.bias").sort();
    assertEquals(
      shapes(clipStateDict(layout, declare(tower, size))),
      Object.fromEntries(expected),
    );
  });
}

/** A file in memory. */
function fileOf(tensors: ReadonlyMap<string, Tensor>, scattered = false): TensorFile {
  return {
    path: "model.pth",
    names: [...tensors.keys()],
    unreadable: new Map<string, string>(),
    has: (name) => tensors.has(name),
    type: (name): TensorType => tensors.get(name)!,
    offset: () => scattered ? undefined : 64,
    read: (name) => Promise.resolve(tensors.get(name)!),
    [Symbol.dispose]: () => {},
  };
}

async function hashedState(golden: string): Promise<Map<string, Tensor>> {
  const { entries } = await readTowerGolden("clip_towers", golden);
  return new Map(Object.entries(entries).map(([name, shape]) => [name, entryValue(name, shape)]));
}

async function readAll(file: TensorFile, tower: ClipTower, size: number) {
  const found = new Map<string, Tensor>();
  for await (const [name, value] of readClipWeights(file, declare(tower, size))) {
    found.set(name, value);
  }
  return found;
}

const BLOCK = "visual.transformer.resblocks.1.attn.";

Deno.test("readClipWeights() cuts open_clip's joint map into queries, keys and values", async () => {
  const state = await hashedState("open_clip");
  const found = await readAll(fileOf(state), VIT, 56);
  const joint = state.get(`${BLOCK}in_proj_weight`)!.data as Float32Array<ArrayBuffer>;
  const part = found.get(`${BLOCK}in_proj_weight[80:160]`)!;
  assertEquals(part, tensor("float32", [80, 80], joint.slice(80 * 80, 160 * 80)));
  assertEquals(found.get(`${BLOCK}in_proj_bias[160:240]`)!.shape, [80]);
  assertEquals(found.get("visual.proj"), state.get("visual.proj"));
});

Deno.test("readClipWeights() finds transformers' names, and transposes the projection", async () => {
  const state = await hashedState("transformers");
  const found = await readAll(fileOf(state), VIT, 56);
  const layer = "vision_model.encoder.layers.1.";
  const pairs = {
    [`${BLOCK}in_proj_weight[0:80]`]: `${layer}self_attn.q_proj.weight`,
    [`${BLOCK}in_proj_bias[80:160]`]: `${layer}self_attn.k_proj.bias`,
    [`${BLOCK}in_proj_weight[160:240]`]: `${layer}self_attn.v_proj.weight`,
    [`${BLOCK}out_proj.bias`]: `${layer}self_attn.out_proj.bias`,
    "visual.transformer.resblocks.1.mlp.c_fc.weight": `${layer}mlp.fc1.weight`,
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
  };
  for (const [ours, theirs] of Object.entries(pairs)) {
    assertEquals(found.get(ours), state.get(theirs), ours);
  }
  const projection = state.get("visual_projection.weight")!;
  const proj = found.get("visual.proj")!;
  assertEquals(proj.shape, [80, 64]);
  assertEquals(proj.data[3 * 64 + 5], projection.data[5 * 80 + 3]);
});

Deno.test("readClipWeights() converts what is stored in half precision", async () => {
  const state = await hashedState("open_clip");
  const scale = state.get("visual.ln_pre.weight")!;
  const bits = new Uint32Array((scale.data as Float32Array<ArrayBuffer>).slice().buffer);
  const narrow = Uint16Array.from(bits, (value) => value >>> 16);
  state.set("visual.ln_pre.weight", tensor("bfloat16", [80], narrow));
  state.set("visual.ln_pre.bias", tensor("float16", [80], new Float16Array(80).fill(0.375)));
  const found = await readAll(fileOf(state), VIT, 56);
  const cut = new Float32Array(Uint32Array.from(bits, (value) => value & 0xffff0000).buffer);
  assertEquals(found.get("visual.ln_pre.weight"), tensor("float32", [80], cut));
  const filled = new Float32Array(80).fill(0.375);
  assertEquals(found.get("visual.ln_pre.bias"), tensor("float32", [80], filled));
});

Deno.test("clipInitializers() leaves tensors in their file, in both layouts", async () => {
  for (const golden of ["open_clip", "transformers"] as const) {
    await withFolder(async (path) => {
      const state = await hashedState(golden);
      await writeSafetensors(path("model.safetensors"), state);
      using file = await openSafetensors(path("model.safetensors"));
      const found = await clipInitializers(file, declare(VIT, 56));
      const read = [...found].filter(([, value]) => "data" in value).map(([name]) => name);
      // Transposed, and so small that a copy of it does not matter.
      assertEquals(read, golden === "open_clip" ? [] : ["visual.proj"]);
      const key = found.get(`${BLOCK}in_proj_weight[80:160]`)!;
      assertEquals(key, {
        dtype: "float32",
        shape: [80, 80],
        location: "model.safetensors",
        offset: golden === "open_clip"
          ? file.offset(`${BLOCK}in_proj_weight`)! + 80 * 80 * 4
          : file.offset("vision_model.encoder.layers.1.self_attn.k_proj.weight")!,
        length: 80 * 80 * 4,
      });
    });
  }
});

Deno.test("clipInitializers() reads what the file has in pieces", async () => {
  await withFolder(async (path) => {
    await Deno.writeTextFile(path("model.pth"), "");
    const state = await hashedState("open_clip");
    const file = { ...fileOf(state, true), path: path("model.pth") };
    const found = await clipInitializers(file, declare(VIT, 56));
    assertEquals(found.get("visual.conv1.weight"), state.get("visual.conv1.weight"));
    assert([...found.values()].every((value) => "data" in value));
  });
});

Deno.test("readClipWeights() passes over the text tower and the numbers of positions", async () => {
  const state = await hashedState("open_clip");
  state.set("token_embedding.weight", hashedTensor("text", [4, 2]));
  state.set("positional_embedding", hashedTensor("positions", [4, 2]));
  assertEquals((await readAll(fileOf(state), VIT, 56)).size, 4 + 4 + 3 * 16);
  const other = await hashedState("transformers");
  other.set("vision_model.embeddings.position_ids", int64([1, 17], new Array(17).fill(0)));
  other.set("text_model.final_layer_norm.weight", hashedTensor("norm", [2]));
  assertEquals((await readAll(fileOf(other), VIT, 56)).size, 4 + 4 + 3 * 16);
});

Deno.test("readClipWeights() lists all that does not fit", async () => {
  const state = await hashedState("open_clip");
  state.delete("visual.ln_post.bias");
  state.set("visual.proj", hashedTensor("proj", [80, 32]));
  state.set("visual.transformer.resblocks.3.ln_1.weight", hashedTensor("more", [80]));
  state.set("visual.ln_pre.bias", int64([80], new Array(80).fill(0)));
  const error = await assertRejects(() => readAll(fileOf(state), VIT, 56), TypeError);
  assertEquals(error.message.split("\n  - "), [
    "Cannot read an image tower from model.pth, which has the names of open_clip:",
    '"visual.ln_post.bias" [80] is missing',
    '"visual.transformer.resblocks.3.ln_1.weight" is not part of this tower',
    '"visual.proj" must be [80,64], found [80,32]',
    '"visual.ln_pre.bias" must hold floats, found int64[80]',
  ]);
});

Deno.test("readClipWeights() counts what it does not list", async () => {
  const state = new Map([["visual.class_embedding", hashedTensor("class", [80])]]);
  const error = await assertRejects(() => readAll(fileOf(state), VIT, 56), TypeError);
  assertEquals(error.message.split("\n").length, 10);
  assert(error.message.endsWith("\n  and 35 more"), error.message);
});

Deno.test("readClipWeights() says which names it knows", async () => {
  const state = new Map([["backbone.conv1.weight", hashedTensor("conv", [1])]]);
  await assertRejects(
    () => readAll(fileOf(state), VIT, 56),
    TypeError,
    "transformers (vision_model.embeddings.class_embedding), timm (stem.0.weight), " +
      'found "backbone.conv1.weight"',
  );
});

Deno.test("readClipWeights() refuses a bias of timm's projection that is not zero", async () => {
  const state = await hashedState("timm_convnext");
  assertEquals((await readAll(fileOf(state), CONVNEXT, 96)).has("visual.head.proj.weight"), true);
  state.set("head.fc.bias", hashedTensor("bias", [48]));
  await assertRejects(
    () => readAll(fileOf(state), CONVNEXT, 96),
    TypeError,
    '"head.fc.bias" must be zero, as CLIP\'s projection has no bias, found other values',
  );
});
