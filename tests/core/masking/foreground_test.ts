import { assertEquals } from "@std/assert";
import { float32, tensor } from "../../../core/engine/graph/tensor.ts";
import { foregroundMask, foregroundRatios, softMaps } from "../../../core/masking/foreground.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../fixtures/golden/masking_thresholds.safetensors", import.meta.url);

Deno.test("foregroundMask() compares in float32: a score at the threshold is background, for lt foreground", () => {
  const scores = float32([1, 3], [0.1, 0.2, 0.3]);
  // In float64 0.2 as a float32 is greater than 0.2.
  assertEquals(foregroundMask(scores, 0.2).data, Uint8Array.of(0, 0, 1));
  assertEquals(foregroundMask(scores, 0.2, "lt").data, Uint8Array.of(1, 1, 0));
});

Deno.test("foregroundRatios() are NumPy's shares in float32", async () => {
  const { tensors } = await readSafetensors(GOLDEN.pathname);
  for (const tokens of [49, 196, 256]) {
    const images = tokens + 1;
    const data = Float32Array.from(
      { length: images * tokens },
      (_, i) => Number(i % tokens < Math.floor(i / tokens)),
    );
    const scores = tensor("float32", [images, tokens], data);
    assertEquals(foregroundRatios(scores, 0.5).data, tensors.get(`ratios/${tokens}`)!.data);
    const below = foregroundRatios(scores, 0.5, "lt").data.toReversed();
    assertEquals(below, tensors.get(`ratios/${tokens}`)!.data);
  }
});

Deno.test("softMaps() span [0, 1] image by image, and add up to 1", () => {
  const { foreground, background } = softMaps(float32([2, 3], [-2, 0, 2, 5, 6, 9]));
  assertEquals(foreground, float32([2, 3], [0, 0.5, 1, 0, 0.25, 1]));
  assertEquals(background, float32([2, 3], [1, 0.5, 0, 1, 0.75, 0]));
});

Deno.test("softMaps() of an image whose scores are equal are background throughout", () => {
  const { foreground, background } = softMaps(float32([1, 2], [7, 7]));
  assertEquals(foreground, float32([1, 2], [0, 0]));
  assertEquals(background, float32([1, 2], [1, 1]));
});
