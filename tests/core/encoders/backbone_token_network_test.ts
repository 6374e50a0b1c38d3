import { assert, assertEquals, assertThrows } from "@std/assert";
import { backboneTokenNetwork } from "../../../core/encoders/backbone_token_network.ts";
import type { BackboneOptions } from "../../../core/backbones/backbone.ts";
import { backbone } from "../../../core/backbones/registry.ts";
import { TokenEncoder } from "../../../core/encoders/token_encoder.ts";
import { normalizePixels } from "../../../core/data/normalize_pixels.ts";
import { IMAGENET_NORMALIZATION } from "../../../core/data/views/presets.ts";
import type { Tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { runGraph } from "../../run_graph.ts";
import { hashedParameters } from "../engine/nn/hashed_values.ts";
import { hashedImages } from "../backbones/clip_golden.ts";

/** A backbone with hashed weights, and its features of two images by the graph of its own. */
async function build(name: string, size: number, options: BackboneOptions = {}) {
  const spec = backbone(name, options);
  const scope = new Scope();
  const images = input("images", "uint8", [2, size, size, 3]);
  const features = spec.apply(scope, normalizePixels(images, IMAGENET_NORMALIZATION));
  const weights = hashedParameters(scope);
  const found = await runGraph({ features }, { ...weights, images: hashedImages(size) });
  return { spec, weights: new Map(Object.entries(weights)), features: found["features"] as Tensor };
}

Deno.test("backboneTokenNetwork() of a ResNet: the pixels of the last map, whose mean are the features", async () => {
  const { spec, weights, features } = await build("resnet18", 32, { stem: "small" });
  const network = backboneTokenNetwork(spec, weights, {
    size: 32,
    normalize: IMAGENET_NORMALIZATION,
  });
  assertEquals([network.grid, network.width], [[4, 4], 512]);
  assertEquals([network.view.size, network.view.shorterSide], [32, 32]);
  using encoder = await TokenEncoder.create(network, { batchSize: 2 });
  const { shape, data } = await encoder.encode(hashedImages(32));
  assertEquals(shape, [2, 16, 512]);
  for (const at of [0, 100, 511, 512 + 7]) {
    const [image, feature] = [Math.floor(at / 512), at % 512];
    let mean = 0;
    for (let p = 0; p < 16; p++) mean += data[(image * 16 + p) * 512 + feature]! / 16;
    const expected = Number(features.data[at]);
    assert(Math.abs(mean - expected) < 1e-4 * Math.max(1, Math.abs(expected)), `feature ${at}`);
  }
});

Deno.test("backboneTokenNetwork() of a ViT: a normalised token for each patch", async () => {
  const { spec, weights } = await build("vit_tiny_patch16_224", 32);
  const network = backboneTokenNetwork(spec, weights, {
    name: "mine",
    size: 32,
    normalize: IMAGENET_NORMALIZATION,
  });
  assertEquals([network.name, network.grid, network.width], ["mine", [2, 2], 192]);
  using encoder = await TokenEncoder.create(network, { batchSize: 2 });
  const { data } = await encoder.encode(hashedImages(32));
  // Layer normalisation: less its bias and by its weight, a token has mean 0 and deviation 1.
  const [weight, bias] = ["norm.weight", "norm.bias"].map((key) => weights.get(key)!.data);
  for (const token of [0, 7]) {
    const normed = Array.from(
      data.subarray(token * 192, (token + 1) * 192),
      (value, i) => (value - Number(bias![i])) / Number(weight![i]),
    );
    const mean = normed.reduce((sum, value) => sum + value, 0) / 192;
    const variance = normed.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 192;
    assert(Math.abs(mean) < 1e-4 && Math.abs(variance - 1) < 1e-3, `token ${token}`);
  }
});

Deno.test("backboneTokenNetwork() names the first tensor that does not fit", async () => {
  const { spec, weights } = await build("vit_tiny_patch16_224", 32);
  weights.delete("norm.bias");
  assertThrows(
    () => backboneTokenNetwork(spec, weights, { size: 32, normalize: IMAGENET_NORMALIZATION }),
    TypeError,
    'Cannot encode by vit_tiny_patch16_224: "norm.bias" must be float32[192], found none',
  );
});
