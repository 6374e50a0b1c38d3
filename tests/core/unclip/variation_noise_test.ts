import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { variationNoise } from "../../../core/unclip/variation_noise.ts";

const SHAPES = { embeddingWidth: 64, latentShape: [4, 16, 16] };

Deno.test("variationNoise() is named by seed, key and index; an image's variations share its embedding's", () => {
  const noise = variationNoise(3, "cats/a.jpg", 1, SHAPES);
  assertEquals(noise.latents.shape, [4, 16, 16]);
  assertEquals(variationNoise(3, "cats/a.jpg", 1, SHAPES), noise);
  for (
    const other of [
      variationNoise(4, "cats/a.jpg", 1, SHAPES),
      variationNoise(3, "cats/b.jpg", 1, SHAPES),
      variationNoise(3, "cats/a.jpg", 0, SHAPES),
    ]
  ) assertNotEquals(other.latents.data, noise.latents.data);
  const sibling = variationNoise(3, "cats/a.jpg", 0, SHAPES);
  assertEquals(sibling.embedding, noise.embedding);
  assertNotEquals(variationNoise(3, "b.jpg", 1, SHAPES).embedding.data, noise.embedding.data);
});

Deno.test("variationNoise() is normal", () => {
  const { data } = variationNoise(0, "x", 0, SHAPES).latents;
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
  assert(Math.abs(mean) < 0.1 && Math.abs(variance - 1) < 0.15, `${mean}, ${variance}`);
});
