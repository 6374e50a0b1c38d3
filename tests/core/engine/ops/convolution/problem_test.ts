import { assertEquals } from "@std/assert";
import {
  type ConvProblem,
  isDepthwise,
  isPointwise,
  operations,
  paddingEnd,
  problemKey,
} from "../../../../../core/engine/ops/convolution/problem.ts";

const PROBLEM: ConvProblem = {
  dtype: "float32",
  x: [8, 64, 32, 31],
  w: [128, 64, 3, 3],
  y: [8, 128, 16, 15],
  attributes: { strides: [2, 2], pads: [1, 1, 1, 0], dilations: [1, 1], group: 1 },
};

Deno.test("problemKey() names everything that a formulation depends on", () => {
  assertEquals(
    problemKey(PROBLEM),
    "float32 x8,64,32,31 w128,64,3,3 strides2,2 pads1,1,1,0 dilations1,1 group1",
  );
});

Deno.test("operations() counts multiplications and additions", () => {
  assertEquals(operations(PROBLEM), 2 * (8 * 128 * 16 * 15) * (64 * 9));
});

Deno.test("paddingEnd() is what the last window needs, negative for what no window reads", () => {
  assertEquals(paddingEnd(PROBLEM), [0, -1]);
  assertEquals(paddingEnd({ ...PROBLEM, y: [8, 128, 17, 16] }), [2, 1]);
});

Deno.test("isPointwise() and isDepthwise() look at kernel, windows and groups", () => {
  const pointwise = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
  assertEquals(isPointwise({ ...PROBLEM, w: [128, 64, 1, 1], attributes: pointwise }), true);
  assertEquals(isPointwise({ ...PROBLEM, attributes: pointwise }), false);
  assertEquals(isPointwise({ ...PROBLEM, w: [128, 64, 1, 1] }), false);
  const grouped = { ...PROBLEM.attributes, group: 64 };
  assertEquals(isDepthwise({ ...PROBLEM, w: [64, 1, 3, 3], attributes: grouped }), true);
  assertEquals(isDepthwise(PROBLEM), false);
});
