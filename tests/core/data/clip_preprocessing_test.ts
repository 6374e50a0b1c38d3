import { assert, assertEquals } from "@std/assert";
import {
  type ClipCrop,
  clipEvaluationView,
  cutClipView,
  placeClipView,
} from "../../../core/data/clip_preprocessing.ts";
import { normalizePixels } from "../../../core/data/normalize_pixels.ts";
import type { RgbImage } from "../../../core/data/dataset.ts";
import { placeEvaluation } from "../../../core/data/geometry/placement.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";

interface Golden {
  readonly sizes: readonly (readonly [width: number, height: number])[];
  readonly step: number;
  readonly normalized: readonly [width: number, height: number];
  readonly tensors: ReadonlyMap<string, Tensor>;
}

async function readGolden(): Promise<Golden> {
  const path = new URL("../../../fixtures/golden/clip_preprocessing", import.meta.url).pathname;
  const { sizes, step, normalized } = JSON.parse(await Deno.readTextFile(`${path}.json`));
  return { sizes, step, normalized, ...await readSafetensors(`${path}.safetensors`) };
}

/** The image that reference/clip_preprocessing.py draws. */
function drawImage(width: number, height: number): RgbImage {
  const noise = hashedTensor(`image/${width}x${height}`, [height, width, 3]).data;
  const data = Uint8Array.from(noise, (value, i) => {
    const pixel = Math.floor(i / 3);
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const ramp = Math.abs((3 * x + 2 * y + 40 * (i % 3)) % 510 - 255);
    return (Math.floor((value + 1) * 128) + 3 * ramp) >> 2;
  });
  return { width, height, data };
}

/** Every `step`th row and column of a view of 224 pixels. */
function thin(view: Uint8Array, step: number): number[] {
  const kept = Array.from({ length: Math.ceil(224 / step) }, (_, i) => i * step);
  return kept.flatMap((y) =>
    kept.flatMap((x) => Array.from(view.subarray(3 * (224 * y + x), 3 * (224 * y + x) + 3)))
  );
}

for (const crop of ["open_clip", "transformers"] as const satisfies readonly ClipCrop[]) {
  Deno.test(`cutClipView() gives the pixels of ${crop}`, async () => {
    const { sizes, step, tensors } = await readGolden();
    for (const [width, height] of sizes) {
      const view = cutClipView(drawImage(width, height), { crop });
      const expected = tensors.get(`${crop}/${width}x${height}`)!;
      assertEquals(thin(view, step), Array.from(expected.data, Number), `${width}x${height}`);
    }
  });

  Deno.test(`normalizePixels() gives the numbers of ${crop}`, async () => {
    const { normalized: [width, height], step, tensors } = await readGolden();
    const expected = tensors.get(`${crop}/normalized`)!;
    const side = expected.shape[1]!;
    const view = thin(cutClipView(drawImage(width, height), { crop }), step);
    const images = tensor("uint8", [1, side, side, 3], Uint8Array.from(view));
    const y = normalizePixels(input("images", "uint8", images.shape), CLIP_NORMALIZATION);
    const results = await runGraph({ y }, { images });
    assertEquals(results.y!.shape, [1, ...expected.shape]);
    const error = Array.from(expected.data, Number).reduce(
      (most, value, i) => Math.max(most, Math.abs(value - Number(results.y!.data[i]))),
      0,
    );
    assert(error <= 1e-6, `differs by ${error}`);
  });
}

Deno.test("placeClipView() differs between the publishers by a pixel where the rest leaves 3 of 4", () => {
  for (let length = 224; length < 240; length++) {
    const [open, floored] = (["open_clip", "transformers"] as const).map((crop) =>
      placeClipView(length, 224, { crop })
    );
    assertEquals(open!.left - floored!.left, (length - 224) % 4 === 3 ? 1 : 0, String(length));
    assertEquals([open!.top, floored!.top], [0, 0]);
  }
});

Deno.test("clipEvaluationView() is open_clip's view as a recipe", () => {
  const recipe = clipEvaluationView(96);
  assertEquals(placeEvaluation(recipe, 99, 200), placeClipView(99, 200, { size: 96 }));
  assertEquals(recipe.normalize, CLIP_NORMALIZATION);
});
