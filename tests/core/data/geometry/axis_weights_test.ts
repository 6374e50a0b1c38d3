import { assert, assertEquals } from "@std/assert";
import { axisWeights } from "../../../../core/data/geometry/axis_weights.ts";

const ONE = 2 ** 22;

Deno.test("axisWeights() leaves pixels alone where nothing is resized", () => {
  const { starts, taps, weights, stride } = axisWeights(
    { length: 5, from: 0, to: 5, size: 5, first: 0, count: 5 },
    "bilinear",
  );
  for (let i = 0; i < 5; i++) {
    const sum = Array.from(
      { length: taps[i]! },
      (_, k) => [starts[i]! + k, weights[i * stride + k]],
    );
    assertEquals(sum.filter(([, weight]) => weight !== 0), [[i, ONE]]);
  }
});

Deno.test("axisWeights() halves with the triangle that Pillow uses", () => {
  const { starts, taps, weights, stride } = axisWeights(
    { length: 8, from: 0, to: 8, size: 4, first: 0, count: 4 },
    "bilinear",
  );
  assertEquals([starts[1], taps[1]], [1, 4]);
  assertEquals([...weights.subarray(stride, stride + 4)], [1, 3, 3, 1].map((w) => (w * ONE) / 8));
});

Deno.test("axisWeights() sums to one and stays within the image", () => {
  for (const interpolation of ["bilinear", "bicubic"] as const) {
    for (const [length, size] of [[7, 3], [3, 7], [1, 4], [100, 9]] as const) {
      const axis = axisWeights(
        { length, from: 0, to: length, size, first: 0, count: size },
        interpolation,
      );
      for (let i = 0; i < size; i++) {
        const sum = axis.weights.subarray(i * axis.stride, i * axis.stride + axis.taps[i]!)
          .reduce((a, b) => a + b);
        assert(Math.abs(sum - ONE) <= axis.taps[i]!, `found ${sum}`);
        assert(axis.starts[i]! >= 0 && axis.starts[i]! + axis.taps[i]! <= length);
      }
    }
  }
});

Deno.test("axisWeights() gives a part of the results as it gives them all", () => {
  const axis = { length: 20, from: 0.5, to: 19, size: 9, first: 0, count: 9 };
  const all = axisWeights(axis, "bicubic");
  const part = axisWeights({ ...axis, first: 4, count: 3 }, "bicubic");
  assertEquals(part.starts, all.starts.slice(4, 7));
  assertEquals(part.weights, all.weights.slice(4 * all.stride, 7 * all.stride));
});
