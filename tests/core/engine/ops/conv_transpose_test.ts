import { assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../../core/engine/graph/value.ts";
import { conv } from "../../../../core/engine/ops/conv.ts";
import { convTranspose } from "../../../../core/engine/ops/conv_transpose.ts";
import { compareWithGolden, goldenCases } from "./window_golden.ts";

for (const [name, given] of Object.entries(await goldenCases("transposed"))) {
  Deno.test(`convTranspose() and its gradients are PyTorch's: ${name}`, async () => {
    const { strides, pads, dilations, group, output_padding: outputPadding } = given;
    await compareWithGolden(name, ({ x, w, b }) => ({
      y: convTranspose(x!, w!, {
        ...(strides && { strides }),
        ...(pads && { pads }),
        ...(dilations && { dilations }),
        ...(group && { group }),
        ...(outputPadding && { outputPadding }),
        ...(b && { bias: b }),
      }),
    }));
  });
}

Deno.test("convTranspose() gives the shape that conv() with its weight and options came from", () => {
  const w = input("w", "float32", [6, 4, 3, 2]);
  const options = { strides: [2, 3], pads: [1, 0, 0, 1], dilations: [1, 2], group: 2 };
  const x = input("x", "float32", [5, 8, 10, 11]);
  const y = conv(x, w, options);
  assertEquals(convTranspose(y, w, { ...options, outputPadding: [0, 0] }).shape, x.shape);
});

Deno.test("convTranspose() names what does not fit", () => {
  const x = input("x", "float32", [1, 4, 5, 5]);
  const w = input("w", "float32", [4, 2, 3, 3]);
  assertThrows(
    () => convTranspose(x, w, { outputPadding: 1 }),
    RangeError,
    "outputPadding must be less than the stride 1, found 1",
  );
  assertThrows(
    () => convTranspose(x, input("w", "float32", [3, 2, 3, 3])),
    RangeError,
    "x must have 3 channels as w takes, found 4",
  );
  assertThrows(() => convTranspose(x, w, { group: 3 }), RangeError, "group must divide");
  assertThrows(() => convTranspose(x, w, { pads: 4 }), RangeError, "at least one element");
});
