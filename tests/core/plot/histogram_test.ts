import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { countBins, histogram } from "../../../core/plot/histogram.ts";

Deno.test("countBins() counts each value once, the highest one too", () => {
  assertEquals(countBins([0, 0.24, 0.25, 0.5, 0.99, 1], [0, 1], 4), [2, 1, 1, 2]);
  const values = Float32Array.from({ length: 1000 }, (_, i) => (i * 37 % 1000) / 1000);
  assertEquals(countBins(values, [0, 1], 10).reduce((sum, count) => sum + count, 0), 1000);
});

Deno.test("countBins() leaves out what lies outside or is not finite", () => {
  assertEquals(countBins([-1, NaN, Infinity, 2.5, 1], [0, 2], 2), [0, 1]);
});

Deno.test("countBins() rejects an empty range and no bins", () => {
  assertThrows(() => countBins([1], [1, 1], 3), RangeError, "found 3 over [1, 1]");
  assertThrows(() => countBins([1], [0, 1], 0), RangeError, "found 0 over");
  assertThrows(() => countBins([1], [0, 1], 2.5), RangeError, "found 2.5 over");
});

Deno.test("histogram() draws a bar for each bin, and a labelled line for each mark", async () => {
  const svg = await histogram({
    title: "Foreground ratio",
    xLabel: "ratio",
    yLabel: "images",
    samples: [{ name: "all", values: [0.1, 0.1, 0.6] }],
    range: [0, 1],
    bins: 5,
    marks: [{ value: 0.5, label: "half & <half>" }],
  });
  for (const text of ["Foreground ratio", ">ratio<", ">images<", "half &amp; &lt;half&gt;"]) {
    assertStringIncludes(svg, text);
  }
  // Of the style sheet for dark pages no bar is drawn.
  assertEquals(svg.match(/ fill="#0072b2"/g)!.length, 5);
  assert(!svg.includes("NaN"));
});

Deno.test("histogram() compares kinds by their shares", async () => {
  const svg = await histogram({
    title: "Similarity",
    xLabel: "cosine",
    samples: [
      { name: "views", values: [0.8, 0.9] },
      { name: "others", values: new Float32Array(500).fill(0.1) },
    ],
  });
  for (const text of ["share of values", ">views<", ">others<", ">1.0<"]) {
    assertStringIncludes(svg, text);
  }
});

Deno.test("histogram() draws values that are all the same, or none", async () => {
  for (const values of [[3, 3, 3], [], [NaN]]) {
    const svg = await histogram({ title: "t", xLabel: "x", samples: [{ name: "a", values }] });
    assert(!svg.includes("NaN"));
  }
});

Deno.test("histogram() rejects what it cannot draw", () => {
  assertThrows(
    () => histogram({ title: "t", xLabel: "x", samples: [] }),
    RangeError,
    "1 to 7 samples, found 0",
  );
});
