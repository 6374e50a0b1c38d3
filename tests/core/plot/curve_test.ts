import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { type Point, smooth, thin } from "../../../core/plot/curve.ts";

function noise(length: number): Point[] {
  const random = new RandomStream(2, "noise");
  return Array.from({ length }, (_, i) => [i, random.normal()]);
}

Deno.test("smooth() weighs earlier points by powers of the weight", () => {
  const values = [3, -1, 4, 1, -5];
  const smoothed = smooth(values.map((y, x) => [x, y]), 0.6);
  smoothed.forEach(([x, y], i) => {
    const weights = values.slice(0, i + 1).map((_, k) => 0.6 ** (i - k));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const expected = weights.reduce((sum, weight, k) => sum + weight * values[k]!, 0) / total;
    assertEquals(x, i);
    assertAlmostEquals(y, expected, 1e-12);
  });
});

Deno.test("smooth() passes over points that are not finite and leaves them", () => {
  const smoothed = smooth([[0, 2], [1, NaN], [2, 2], [3, Infinity], [4, 2]], 0.9);
  assertEquals(smoothed.map(([, y]) => Math.round(y)), [2, NaN, 2, Infinity, 2]);
});

Deno.test("smooth() changes nothing at weight 0 and rejects weights from 1", () => {
  const points = noise(10);
  assertEquals(smooth(points, 0), points);
  for (const weight of [1, -0.1, NaN]) {
    assertThrows(() => smooth(points, weight), RangeError, `found ${weight}`);
  }
});

Deno.test("thin() keeps short curves as they are", () => {
  const points = noise(400);
  assertEquals(thin(points, 100), points);
});

Deno.test("thin() keeps first, lowest, highest and last of each column, in their order", () => {
  const points = noise(50_000);
  const thinned = thin(points, 100);
  assert(thinned.length <= 4 * 101);
  assertEquals(thinned[0], points[0]);
  assertEquals(thinned.at(-1), points.at(-1));
  const columnOf = ([x]: Point) => Math.floor(x / (49_999 / 100));
  for (let column = 0; column < 100; column++) {
    const all = points.filter((point) => columnOf(point) === column).map(([, y]) => y);
    const kept = thinned.filter((point) => columnOf(point) === column);
    const values = kept.map(([, y]) => y);
    assertEquals([Math.min(...values), Math.max(...values)], [Math.min(...all), Math.max(...all)]);
    assertEquals([values[0], values.at(-1)], [all[0], all.at(-1)]);
    assert(kept.every(([x], i) => i === 0 || x > kept[i - 1]![0]));
  }
});

Deno.test("thin() keeps gaps", () => {
  const points = noise(5000).map(([x, y]): Point => [x, x > 2000 && x < 3000 ? NaN : y]);
  const thinned = thin(points, 50);
  assert(thinned.some(([, y]) => Number.isNaN(y)));
  assert(thinned.filter(([x]) => x > 2100 && x < 2900).every(([, y]) => Number.isNaN(y)));
});
