import { assertEquals, assertThrows } from "@std/assert";
import {
  clipModel,
  clipModelNames,
  clipPretrainedNames,
} from "../../../core/backbones/clip_models.ts";
import { clipStateDict } from "../../../core/backbones/clip_weights.ts";
import { nodesLeadingTo } from "../../../core/engine/graph/node.ts";
import { elementCount } from "../../../core/engine/graph/shape.ts";
import { input, type Value } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { readTowerGolden } from "./clip_golden.ts";

function apply(name: string, pretrained?: string) {
  const scope = new Scope();
  const model = clipModel(name, pretrained);
  const outputs = model.apply(scope, input("images", "float32", [2, 3, 224, 224]));
  return { model, scope, ...outputs };
}

function count(value: Value, type: string): number {
  return nodesLeadingTo([value], false).filter(({ op }) => op.type === type).length;
}

Deno.test("clipModel() gives each model its tokens, embedding, tensors and parameters", () => {
  const expected = {
    "ViT-B-16": [[2, 196, 768], [2, 512], 152, 86_192_640],
    "ViT-L-14": [[2, 256, 1024], [2, 768], 296, 303_966_208],
    "ViT-H-14": [[2, 256, 1280], [2, 1024], 392, 632_076_800],
    "convnext_base_w": [[2, 49, 1024], [2, 640], 343, 88_221_824],
  };
  assertEquals([...clipModelNames], Object.keys(expected));
  for (const [name, [tokenShape, pooledShape, tensors, parameters]] of Object.entries(expected)) {
    const { model, scope, tokens, pooled } = apply(name);
    assertEquals([tokens.shape, pooled.shape], [tokenShape, pooledShape], name);
    assertEquals([model.width, model.embedding], [tokens.shape[2], pooled.shape[1]], name);
    assertEquals((224 / model.patch) ** 2, tokens.shape[1], name);
    const state = [...clipStateDict("open_clip", scope.declarations).values()];
    const total = state.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    assertEquals([state.length, total], [tensors, parameters], name);
  }
});

for (const name of ["ViT-H-14", "convnext_base_w"]) {
  Deno.test(`clipModel("${name}") has the entries of open_clip's state dict`, async () => {
    const { entries } = await readTowerGolden("clip_towers_full", name);
    const state = clipStateDict("open_clip", apply(name).scope.declarations);
    assertEquals(
      Object.fromEntries([...state].sort().map(([key, { shape }]) => [key, shape])),
      Object.fromEntries(Object.entries(entries).sort()),
    );
  });
}

Deno.test("clipModel() splits the widths into their published heads", () => {
  for (const [name, heads] of Object.entries({ "ViT-B-16": 12, "ViT-L-14": 16, "ViT-H-14": 16 })) {
    const attentions = nodesLeadingTo([apply(name).pooled], false)
      .filter(({ op }) => op.type === "MultiHeadAttention");
    assertEquals(
      new Set(attentions.map(({ attributes }) => (attributes as { heads: number }).heads)),
      new Set([heads]),
      name,
    );
  }
});

Deno.test("clipModel() takes the approximate GELU for OpenAI's weights alone", () => {
  for (const name of ["ViT-B-16", "ViT-L-14"]) {
    for (const pretrained of clipPretrainedNames(name)) {
      const quick = count(apply(name, pretrained).pooled, "QuickGelu");
      assertEquals(quick > 0, pretrained === "openai", `${name} ${pretrained}`);
    }
  }
});

Deno.test("clipModel() normalises images as the weights were trained", () => {
  assertEquals(clipModel("ViT-H-14").normalize.mean[0], 0.48145466);
  assertEquals(clipModel("ViT-L-14").normalize.mean, [0.5, 0.5, 0.5]);
  assertEquals(clipModel("ViT-L-14", "openai").normalize.mean[0], 0.48145466);
});

Deno.test("clipModel() takes names as open_clip does, whatever their capitals and hyphens", () => {
  const { name, pretrained } = clipModel("vit-h_14", "laion2B-s32B-b79K");
  assertEquals([name, pretrained], ["ViT-H-14", "laion2b_s32b_b79k"]);
  assertThrows(
    () => clipModel("ViT-H-140"),
    TypeError,
    'Cannot build CLIP model "ViT-H-140": there is none of this name, the nearest is "ViT-H-14"',
  );
  assertThrows(
    () => clipModel("ViT-H-14", "openai"),
    TypeError,
    'Cannot build ViT-H-14 of weights "openai"',
  );
  assertThrows(() => clipModel("toString"), TypeError, "there is none of this name");
});
