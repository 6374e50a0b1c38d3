import { assert } from "@std/assert";
import { filled, float32 } from "../../../../core/engine/graph/tensor.ts";
import { pngSize } from "../../../../core/plot/png_size.ts";
import { drawPairs, drawViews } from "../../../../core/train/run/pairs_picture.ts";

const JUDGED = {
  epoch: 3,
  pictures: [
    filled("uint8", [2, 32, 32, 3], 200),
    filled("uint8", [2, 32, 32, 3], 90),
  ],
  maps: [filled("float32", [2, 4], 0.5), float32([2, 4], [0, 1, 0, 1, 1, 0, 1, 0])],
  grid: [2, 2],
  foreground: Float32Array.of(0.9, 0.8),
  background: Float32Array.of(0.5, 0.7),
  weights: Float32Array.of(1.1, 0.9),
} as const;

Deno.test("drawPairs() draws a pair a row, with its maps", async () => {
  const { width, height } = pngSize(await drawPairs(JUDGED));
  // Two rows of four pictures, each about 128 pixels wide.
  assert(width > 4 * 112 && width < 900 && height > 2 * 112 && height < 500, `${width}x${height}`);
});

Deno.test("drawViews() draws an image a row, in views of several sizes", async () => {
  const views = [filled("uint8", [3, 32, 32, 3], 200), filled("uint8", [3, 16, 16, 3], 90)];
  const { width, height } = pngSize(await drawViews(views));
  assert(width > 2 * 112 && width < 500 && height > 3 * 112 && height < 700, `${width}x${height}`);
});
