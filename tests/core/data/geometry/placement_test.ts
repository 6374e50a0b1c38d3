import { assertEquals } from "@std/assert";
import { placeEvaluation, placeView } from "../../../../core/data/geometry/placement.ts";
import { byolViews, evaluationView } from "../../../../core/data/views/presets.ts";

Deno.test("placeView() resizes the crop to the whole view", () => {
  const crop = { left: 1, top: 2, width: 30, height: 40 };
  assertEquals(placeView(byolViews(64)[0], { crop, flip: true }), {
    crop,
    resized: { width: 64, height: 64 },
    left: 0,
    top: 0,
    size: 64,
    flip: true,
    interpolation: "bicubic",
  });
});

Deno.test("placeEvaluation() rounds the longer side down and the corner to even", () => {
  const recipe = evaluationView(224);
  const { crop, resized, left, top } = placeEvaluation(recipe, 500, 375);
  assertEquals(crop, { left: 0, top: 0, width: 500, height: 375 });
  assertEquals(resized, { width: 341, height: 256 });
  // (341 - 224) / 2 = 58.5, which Python rounds to 58.
  assertEquals([left, top], [58, 16]);
  const tall = placeEvaluation(recipe, 375, 500);
  assertEquals([tall.resized, tall.left, tall.top], [{ width: 256, height: 341 }, 16, 58]);
});
