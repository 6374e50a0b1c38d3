import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { normalizePixels, renormalize } from "../../../core/data/normalize_pixels.ts";
import { CLIP_NORMALIZATION, IMAGENET_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { runGraph } from "../../run_graph.ts";

const IMAGES = tensor("uint8", [1, 1, 2, 3], Uint8Array.of(255, 0, 51, 0, 255, 102));
const pixels = input("images", "uint8", IMAGES.shape);

Deno.test("normalizePixels() scales bytes to [0, 1], normalises them and puts channels first", async () => {
  const value = normalizePixels(pixels, { mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.1] });
  assertEquals(value.shape, [1, 3, 1, 2]);
  const { y } = await runGraph({ y: value }, { images: IMAGES });
  const expected = [
    (1 - 0.5) / 0.25,
    (0 - 0.5) / 0.25,
    (0 - 0.4) / 0.2,
    (1 - 0.4) / 0.2,
    (0.2 - 0.3) / 0.1,
    (0.4 - 0.3) / 0.1,
  ];
  expected.forEach((wanted, i) => assertAlmostEquals(Number(y!.data[i]!), wanted, 1e-5));
});

Deno.test("renormalize() gives what other statistics would have given", async () => {
  const imagenet = normalizePixels(pixels, IMAGENET_NORMALIZATION);
  const { found, wanted } = await runGraph({
    found: renormalize(imagenet, IMAGENET_NORMALIZATION, CLIP_NORMALIZATION),
    wanted: normalizePixels(pixels, CLIP_NORMALIZATION),
  }, { images: IMAGES });
  found!.data.forEach((value, i) =>
    assertAlmostEquals(Number(value), Number(wanted!.data[i]), 1e-5)
  );
  assert(renormalize(imagenet, CLIP_NORMALIZATION, CLIP_NORMALIZATION) === imagenet);
});
