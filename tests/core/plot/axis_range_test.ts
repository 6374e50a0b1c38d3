import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { extent, niceRange, spreadApart } from "../../../core/plot/axis_range.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";

Deno.test("extent() leaves out what is not finite", () => {
  assertEquals(extent([3, NaN, -2, Infinity, 0]), [-2, 3]);
  assertEquals(extent([NaN]), [0, 1]);
  assertEquals(extent([]), [0, 1]);
});

Deno.test("niceRange() ends at round numbers", () => {
  assertEquals(niceRange(0.3, 9.7), [0, 10]);
  assertEquals(niceRange(4.39, 7.45), [4, 7.5]);
  assertEquals(niceRange(-0.03, 0.27), [-0.05, 0.3]);
  assertEquals(niceRange(0, 100), [0, 100]);
  assertEquals(niceRange(1234, 5678), [1000, 6000]);
  assertEquals(niceRange(0.00002, 0.00031), [0, 0.00035]);
});

Deno.test("niceRange() gives room to a single value", () => {
  assertEquals(niceRange(0, 0), [-0.6, 0.6]);
  assertEquals(niceRange(4, 4), [2, 6]);
  assertEquals(niceRange(-0.2, -0.2), [-0.3, -0.1]);
});

Deno.test("niceRange() holds the range that it is given, closely", () => {
  for (let i = 0; i < 500; i++) {
    const random = new RandomStream(3, "range", i);
    const low = random.normal() * 10 ** random.integer(9) / 1e4;
    const high = low + random.uniform(0.01, 1) * 10 ** random.integer(9) / 1e4;
    const [below, above] = niceRange(low, high);
    const margin = (high - low) * 1e-6;
    assert(
      below <= low + margin && above >= high - margin,
      `[${below}, ${above}] of [${low}, ${high}]`,
    );
    assert(above - below < 1.7 * (high - low), `[${below}, ${above}] of [${low}, ${high}]`);
  }
});

Deno.test("spreadApart() leaves labels in peace that do not touch", () => {
  const labels = [{ center: 50, size: 10 }, { center: 20, size: 10 }, { center: 90, size: 20 }];
  assertEquals(spreadApart(labels, 0, 100), [50, 20, 90]);
});

Deno.test("spreadApart() keeps the order, the distances and the limits", () => {
  for (let i = 0; i < 200; i++) {
    const random = new RandomStream(5, "labels", i);
    const labels = Array.from({ length: 1 + random.integer(7) }, () => ({
      center: random.uniform(0, 100),
      size: random.uniform(5, 14),
    }));
    const centers = spreadApart(labels, 0, 100);
    const order = labels.map((_, k) => k).sort((a, b) => labels[a]!.center - labels[b]!.center);
    order.forEach((k, rank) => {
      const half = labels[k]!.size / 2;
      assert(centers[k]! >= half - 1e-9 && centers[k]! <= 100 - half + 1e-9);
      const before = order[rank - 1];
      if (before === undefined) return;
      assert(centers[k]! - centers[before]! >= half + labels[before]!.size / 2 - 1e-9);
    });
  }
});

Deno.test("spreadApart() pushes labels of one place down from it", () => {
  const centers = spreadApart([{ center: 95, size: 10 }, { center: 95, size: 10 }], 0, 100);
  assertAlmostEquals(centers[0]!, 85);
  assertAlmostEquals(centers[1]!, 95);
});
