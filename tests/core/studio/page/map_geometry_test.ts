import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  between,
  moved,
  nearest,
  toPixels,
  WHOLE,
  zoomed,
} from "../../../../core/studio/page/map_geometry.ts";

const SIZE = { width: 400, height: 300 };

Deno.test("the whole map lies within the canvas, its middle in the middle", () => {
  assertEquals(toPixels([0.5, 0.5], WHOLE, 400, 300), [200, 150]);
  const [x, y] = toPixels([0, 0], WHOLE, 400, 300);
  assertEquals(x > 0 && y > 0, true);
});

Deno.test("what lies under the pointer stays there while one zooms", () => {
  const at = [310, 40] as const;
  const window = zoomed(WHOLE, 2.5, at, 400, 300);
  const points = [[0.5 + (310 - 200) / 264, 0.5 + (40 - 150) / 264]] as const;
  const [x, y] = toPixels(points[0], window, 400, 300);
  assertAlmostEquals(x, 310, 1e-9);
  assertAlmostEquals(y, 40, 1e-9);
});

Deno.test("dragging moves points by as many pixels", () => {
  const before = toPixels([0.3, 0.6], WHOLE, 400, 300);
  const after = toPixels([0.3, 0.6], moved(WHOLE, 12, -7, 400, 300), 400, 300);
  assertAlmostEquals(after[0] - before[0], 12, 1e-9);
  assertAlmostEquals(after[1] - before[1], -7, 1e-9);
});

Deno.test("the nearest point is found within reach, and none beyond it", () => {
  const points = [[0.2, 0.2], [0.8, 0.8]] as const;
  const place = toPixels(points[1], WHOLE, 400, 300);
  assertEquals(nearest(points, [place[0] + 5, place[1]], WHOLE, SIZE, 10), 1);
  assertEquals(nearest(points, [place[0] + 15, place[1]], WHOLE, SIZE, 10), -1);
});

Deno.test("points move from one checkpoint to the next", () => {
  assertEquals(between([[0, 1]], [[1, 0]], 0), [[0, 1]]);
  assertEquals(between([[0, 1]], [[1, 0]], 0.25), [[0.25, 0.75]]);
});
