import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Series, SeriesAnswer } from "../../../../core/studio/api/runs.ts";
import {
  lengthen,
  placesOf,
  positiveOnly,
  smooth,
  stepAt,
} from "../../../../core/studio/page/curves.ts";

function series(name: string, steps: number[], values: (number | null)[]): Series {
  return { name, steps, seconds: steps.map((step) => 3600 * step), values };
}

function answer(steps: Series[], epochs: Series[] = []): SeriesAnswer {
  return { run: "a", steps, epochs, exact: true };
}

Deno.test("smoothing leaves a constant as it is, begins at the first value and keeps gaps", () => {
  assertEquals(
    smooth([3, 3, 3], 0.9).map((value) => value!.toFixed(9)),
    Array(3).fill("3.000000000"),
  );
  assertEquals(smooth([1, null, 5], 0), [1, null, 5]);
  const [first, gap, last] = smooth([1, null, 5], 0.5);
  assertEquals([first, gap], [1, null]);
  // (0.5 · 0.5 · 1 + 0.5 · 5) / (0.5 · 0.5 + 0.5)
  assertAlmostEquals(last!, 2.75 / 0.75, 1e-12);
});

Deno.test("a logarithmic axis leaves out zero and below", () => {
  assertEquals(positiveOnly([1, 0, -1, null]), [1, null, null, null]);
});

Deno.test("new values lengthen a curve once, however often they come", () => {
  const before = answer([series("loss", [1, 2], [5, 4])]);
  const added = answer([series("loss", [2, 3], [4, 3]), series("spread", [3], [0.1])]);
  const once = lengthen(before, added);
  assertEquals(once.steps[0]!.values, [5, 4, 3]);
  assertEquals(once.steps[0]!.seconds, [3600, 7200, 10800]);
  assertEquals(once.steps[1]!.name, "spread");
  assertEquals(lengthen(once, added), once);
});

Deno.test("a curve that was sampled keeps its range where exact values follow", () => {
  const sampled: Series = { ...series("loss", [1], [5]), lows: [4], highs: [6] };
  const longer = lengthen(answer([sampled]), answer([series("loss", [2], [3])]));
  assertEquals([longer.steps[0]!.lows, longer.steps[0]!.highs], [[4, 3], [6, 3]]);
});

Deno.test("a place along the time axis leads to the nearest step after it", () => {
  const curve = series("loss", [10, 20, 30], [1, 1, 1]);
  assertEquals(placesOf(curve, "time"), [10, 20, 30]);
  assertEquals(stepAt(curve, "time", 19.5), 20);
  assertEquals(stepAt(curve, "time", 99), 30);
  assertEquals(stepAt(curve, "steps", 12.4), 12);
});
