import { assertEquals } from "@std/assert";
import { reachedTaps } from "../../../../core/engine/ops/_reached_taps.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { conv, reduceSum } from "../../../../core/engine/ops/mod.ts";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { runGraph } from "../../../run_graph.ts";

const padded = (n: number) => ({ strides: [1], dilations: [1], pads: [n, n] });

Deno.test("reachedTaps() keeps a kernel that meets the image everywhere", () => {
  assertEquals(reachedTaps([2], [3], [2], padded(1)), [{ start: 0, end: 3, pad: [1, 1] }]);
});

Deno.test("reachedTaps() leaves out taps that only ever meet padding", () => {
  assertEquals(reachedTaps([1], [3], [1], padded(1)), [{ start: 1, end: 2, pad: [0, 0] }]);
  assertEquals(reachedTaps([2], [7], [2], padded(3)), [{ start: 2, end: 5, pad: [1, 1] }]);
});

Deno.test("reachedTaps() knows strides and dilations", () => {
  const strided = { strides: [2], dilations: [1], pads: [1, 1] };
  assertEquals(reachedTaps([2], [3], [1], strided), [{ start: 1, end: 3, pad: [0, 1] }]);
  const dilated = { strides: [1], dilations: [2], pads: [2, 2] };
  assertEquals(reachedTaps([1], [3], [1], dilated), [{ start: 1, end: 2, pad: [0, 0] }]);
  // The first tap meets padding alone, but to leave it out would take an image cut by one.
  const cropped = { strides: [1], dilations: [2], pads: [1, 2] };
  assertEquals(reachedTaps([2], [3], [1], cropped), [{ start: 0, end: 2, pad: [1, 0] }]);
});

Deno.test("conv() of a map of one pixel is the product with the kernel's centre, and so are its gradients", async () => {
  const x = input("x", "float32", [1, 2, 1, 1]);
  const w = input("w", "float32", [1, 2, 3, 3]);
  const y = conv(x, w, { pads: 1 });
  const [dx, dw] = gradients(reduceSum(y), [x, w]);
  const weights = Array.from({ length: 18 }, (_, i) => i);
  const found = await runGraph({ y, dx: dx!, dw: dw! }, {
    x: float32([1, 2, 1, 1], [2, 3]),
    w: float32([1, 2, 3, 3], weights),
  });
  assertEquals([...found["y"]!.data], [2 * 4 + 3 * 13]);
  assertEquals([...found["dx"]!.data], [4, 13]);
  assertEquals([...found["dw"]!.data], weights.map((i) => i === 4 ? 2 : i === 13 ? 3 : 0));
});
