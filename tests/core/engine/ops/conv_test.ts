import { assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../../core/engine/graph/value.ts";
import { conv, type ConvOptions } from "../../../../core/engine/ops/conv.ts";
import { runGraph } from "../../../run_graph.ts";
import { compareWithGolden, counted, goldenCases } from "./window_golden.ts";

for (
  const [name, { strides, pads, dilations, group }] of Object.entries(
    await goldenCases("convolutions"),
  )
) {
  Deno.test(`conv() and its gradients are PyTorch's: ${name}`, async () => {
    const options: ConvOptions = {
      ...(strides && { strides }),
      ...(pads && { pads }),
      ...(dilations && { dilations }),
      ...(group && { group }),
    };
    await compareWithGolden(name, ({ x, w, b }) => ({
      y: conv(x!, w!, { ...options, ...(b && { bias: b }) }),
    }));
  });
}

Deno.test("conv() takes a number, one number per axis, or begins and ends as pads", () => {
  const x = input("x", "float32", [1, 2, 8, 9]);
  const w = input("w", "float32", [3, 2, 3, 3]);
  const shapeWith = (options: ConvOptions) => conv(x, w, options).shape;
  assertEquals(shapeWith({ pads: 1 }), [1, 3, 8, 9]);
  assertEquals(shapeWith({ pads: [1, 0] }), [1, 3, 8, 7]);
  assertEquals(shapeWith({ pads: [1, 0, 0, 2] }), [1, 3, 7, 9]);
  assertEquals(shapeWith({ strides: [2, 3], dilations: 2 }), [1, 3, 2, 2]);
});

Deno.test("conv() slides the kernel without turning it", async () => {
  const x = input("x", "float32", [1, 1, 2, 3]);
  const w = input("w", "float32", [1, 1, 1, 2]);
  const { y } = await runGraph({ y: conv(x, w) }, {
    x: counted([1, 1, 2, 3], 6),
    w: counted([1, 1, 1, 2], 2),
  });
  assertEquals([...y!.data], [1 + 4, 2 + 6, 4 + 10, 5 + 12]);
});

Deno.test("conv() names what does not fit", () => {
  const x = input("x", "float32", [1, 4, 8, 8]);
  const w = input("w", "float32", [6, 2, 3, 3]);
  const cases: [ConvOptions, string][] = [
    [{}, "x must have 2 channels (w takes 2 in each of 1 groups), found 4"],
    [{ group: 4 }, "group must divide the 6 output channels, found 4"],
    [{ group: 2, strides: 0 }, "strides must be 2 integers of at least 1, found [0,0]"],
    [{ group: 2, pads: [1, 2, 3] }, "pads must be 4 integers of at least 0, found [1,2,3]"],
    [
      { group: 2, dilations: [4, 1] },
      "a window must fit into the padded input, found a window of 9 and an input of 8 along spatial axis 0",
    ],
    [{ group: 2, bias: input("b", "float32", [2]) }, "b must be [6], found [2]"],
  ];
  for (const [options, reason] of cases) {
    assertThrows(() => conv(x, w, options), RangeError, reason);
  }
  assertThrows(() => conv(input("x", "float16", [1, 2, 8, 8]), w), TypeError, "float16, float32");
  assertThrows(() => conv(input("x", "float32", [1, 2]), w), RangeError, "x must have 3 or 4 axes");
});
