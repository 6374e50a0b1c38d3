import { assert, assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import {
  visionTransformer,
  type VisionTransformerConfig,
} from "../../../core/backbones/vision_transformer.ts";
import { type Build, checkInference, checkTraining } from "../engine/nn/network_golden.ts";

const config: VisionTransformerConfig = { patch: 4, width: 48, depth: 2, heads: 3 };

const byToken: Build = (scope, inputs) => ({
  features: visionTransformer(scope, inputs.images!, config),
});

const byMean: Build = (scope, inputs) => ({
  features: visionTransformer(scope, inputs.images!, {
    ...config,
    pooling: "mean",
    layerScale: 1e-5,
  }),
});

function declare(options: Partial<VisionTransformerConfig>): Scope {
  const scope = new Scope({ training: true });
  const images = input("images", "float32", [1, 3, 32, 32]);
  visionTransformer(scope, images, { patch: 8, width: 96, depth: 1, heads: 3, ...options });
  return scope;
}

function largest(scope: Scope, name: string): number {
  const { data } = scope.initialize(0).get(name)!;
  return (data as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function deviation(scope: Scope, name: string): number {
  const data = scope.initialize(0).get(name)!.data as Float32Array;
  return Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0) / data.length);
}

function assertWithin(actual: number, expected: number, tolerance: number): void {
  assert(Math.abs(actual / expected - 1) < tolerance, `${actual}, not ${expected}`);
}

Deno.test("visionTransformer() trains as timm's", async () => {
  await checkTraining("network_vision_transformer", byToken);
});

Deno.test("visionTransformer() infers as timm's", async () => {
  await checkInference("network_vision_transformer", byToken);
});

Deno.test("visionTransformer() with mean pooling and layer scale trains as timm's", async () => {
  await checkTraining("network_vision_transformer_mean", byMean);
});

Deno.test("visionTransformer() with mean pooling and layer scale infers as timm's", async () => {
  await checkInference("network_vision_transformer_mean", byMean);
});

Deno.test("visionTransformer() starts as timm's does", () => {
  const scope = declare({});
  for (const name of ["pos_embed", "blocks.0.attn.qkv.weight", "blocks.0.mlp.fc2.weight"]) {
    assertWithin(deviation(scope, name), 0.02, 0.05);
  }
  assertWithin(deviation(scope, "cls_token"), 1e-6, 0.3);
  assertEquals(largest(scope, "blocks.0.attn.qkv.bias"), 0);
  assertWithin(largest(scope, "patch_embed.proj.weight"), 1 / Math.sqrt(3 * 8 * 8), 0.01);
});

Deno.test("visionTransformer() starts as MoCo v3's does, and keeps patches and positions fixed", () => {
  const scope = declare({ variant: "mocov3" });
  assertWithin(largest(scope, "blocks.0.attn.qkv.weight"), Math.sqrt(6 / (96 + 96)), 0.01);
  assertWithin(largest(scope, "blocks.0.mlp.fc1.weight"), Math.sqrt(6 / (96 + 384)), 0.01);
  assertWithin(largest(scope, "patch_embed.proj.weight"), Math.sqrt(6 / (3 * 8 * 8 + 96)), 0.01);
  for (const name of ["patch_embed.proj.bias", "blocks.0.attn.qkv.bias", "blocks.0.mlp.fc1.bias"]) {
    assertEquals(largest(scope, name), 0);
  }
  const fixed = [...scope.declarations.values()].filter(({ kind }) => kind === "fixed");
  assertEquals(fixed.map(({ name }) => name).sort(), [
    "patch_embed.proj.bias",
    "patch_embed.proj.weight",
    "pos_embed",
  ]);
});

Deno.test("visionTransformer() says that patches must tile the images", () => {
  const images = input("images", "float32", [1, 3, 30, 32]);
  assertThrows(
    () => visionTransformer(new Scope(), images, config),
    RangeError,
    'Cannot embed patches of 4 pixels in layer "patch_embed": they must tile the images, ' +
      "found float32[1,3,30,32]",
  );
});
