import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "../../../core/engine/ops/concat.ts";
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

const ofAllSizes: Build = (scope, { global, local, large, wide }) => ({
  features: concat(
    [global!, local!, large!, wide!].map((images) => visionTransformer(scope, images, config)),
    { axis: 0 },
  ),
});

/** The same, when the positions' grid is told rather than taken from the first images. */
const sized: Build = (scope, { global, local, large, wide }) => {
  const [first, ...rest] = [local!, global!, large!, wide!]
    .map((images) => visionTransformer(scope, images, { ...config, imageSize: 16 }));
  return { features: concat([rest[0]!, first!, ...rest.slice(1)], { axis: 0 }) };
};

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

Deno.test("visionTransformer() shares its positions among views of several sizes as timm's", async () => {
  await checkTraining("network_vision_transformer_sizes", ofAllSizes);
  await checkInference("network_vision_transformer_sizes", ofAllSizes);
});

Deno.test("visionTransformer() has positions for the size that it is told, whatever it sees first", async () => {
  await checkTraining("network_vision_transformer_sizes", sized);
});

Deno.test("visionTransformer() resamples MoCo v3's fixed positions too, and keeps them fixed", () => {
  const scope = new Scope();
  const options = { ...config, variant: "mocov3" } as const;
  for (const size of [16, 8]) {
    visionTransformer(scope, input(`images${size}`, "float32", [1, 3, size, size]), options);
  }
  const { value, kind } = scope.declarations.get("pos_embed")!;
  assertEquals([value.shape, kind], [[1, 17, 48], "fixed"]);
});

Deno.test("visionTransformer() resamples from square grids alone, unless it is told the grid", () => {
  const scope = new Scope();
  visionTransformer(scope, input("first", "float32", [1, 3, 8, 12]), config);
  visionTransformer(scope, input("same", "float32", [1, 3, 8, 12]), config);
  assertThrows(
    () => visionTransformer(scope, input("second", "float32", [1, 3, 8, 8]), config),
    RangeError,
    "the first images must be square, or imageSize say which grid they are for, found 6 patches",
  );
  assertThrows(
    () =>
      visionTransformer(new Scope(), input("images", "float32", [1, 3, 8, 8]), {
        ...config,
        imageSize: 18,
      }),
    RangeError,
    "patches of 4 pixels must tile the images of 18",
  );
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
