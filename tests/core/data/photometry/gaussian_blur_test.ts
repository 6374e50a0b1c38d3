import { assert, assertEquals, assertThrows } from "@std/assert";
import { blurKernelLength, gaussianBlur } from "../../../../core/data/photometry/mod.ts";
import { filled, float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { probeChannelBlock } from "../../../../core/engine/ops/convolution/blocked_layout.ts";
import { runGraph } from "../../../run_graph.ts";
import { CPU_ONLY } from "../../../test_device.ts";
import { COUNT, golden, largestDifference, planesOf, SIZE, stacked } from "./golden.ts";

const source = stacked(Array.from({ length: COUNT }, (_, sample) => planesOf(sample, 0, SIZE)));
const planes = () => input("planes", "float32", [COUNT, 3, SIZE, SIZE]);
const widths = () => input("sigma", "float32", [COUNT]);

for (const kernelLength of [5, 23]) {
  Deno.test(`gaussianBlur() with a kernel of ${kernelLength} blurs as torchvision does, within 1/255`, async () => {
    const given = [planes(), widths()] as const;
    const whole = gaussianBlur(...given, { kernelLength });
    const cut = gaussianBlur(...given, { kernelLength, widest: 2 });
    const feeds = { planes: source, sigma: golden("blur_sigma") };
    const made = await runGraph({ whole, cut }, feeds);
    // torchvision rounds to 8 bits.
    const expected = golden(`expected.blur_${kernelLength}`);
    assert(largestDifference(made["whole"]!, expected) <= 0.5 + 1e-3);
    assert(largestDifference(made["cut"]!, expected) <= 0.5 + 1e-2);
    assert(largestDifference(made["cut"]!, made["whole"]!) <= 1e-2);
  });
}

Deno.test({
  name:
    `gaussianBlur() of a single image by blocked convolutions gives what products give${CPU_ONLY.why}`,
  ignore: CPU_ONLY.ignore,
  async fn() {
    const channelBlock = await probeChannelBlock((outputs) => runGraph(outputs, {}));
    const size = 2 * channelBlock;
    const image = planesOf(2, 0, size);
    const given = [input("image", "float32", image.shape), input("sigma", "float32", [1])] as const;
    const products = gaussianBlur(...given, { kernelLength: 9 });
    const blocked = gaussianBlur(...given, { kernelLength: 9, channelBlock });
    for (const sigma of [0, 0.7, 1.9]) {
      const made = await runGraph({ products, blocked }, { image, sigma: float32([1], [sigma]) });
      const difference = largestDifference(made["blocked"]!, made["products"]!);
      assert(difference <= 1e-3, `found a difference of ${difference} / 255 at ${sigma}`);
    }
  },
});

Deno.test("gaussianBlur() leaves an image whose width is 0 as it is", async () => {
  const blurred = gaussianBlur(planes(), widths(), { kernelLength: 23 });
  const sigma = filled("float32", [COUNT], 0);
  const made = await runGraph({ blurred }, { planes: source, sigma });
  assertEquals(made["blurred"]!.data, source.data);
});

Deno.test("gaussianBlur() keeps a flat image flat up to its corners, on axes that no block divides too", async () => {
  for (const size of [7, 37]) {
    const blurred = gaussianBlur(
      input("planes", "float32", [1, 3, size, size]),
      input("sigma", "float32", [1]),
      { kernelLength: 9 },
    );
    const flat = filled("float32", [1, 3, size, size], 200);
    const made = await runGraph({ blurred }, { planes: flat, sigma: float32([1], [1.7]) });
    assert(largestDifference(made["blurred"]!, flat) <= 1e-3);
  }
});

Deno.test("gaussianBlur() refuses an even kernel and one that reaches past a reflection", () => {
  const small = input("planes", "float32", [1, 3, 8, 8]);
  const sigma = input("sigma", "float32", [1]);
  for (const kernelLength of [4, 17]) {
    assertThrows(
      () => gaussianBlur(small, sigma, { kernelLength }),
      RangeError,
      `found ${kernelLength}`,
    );
  }
});

Deno.test("blurKernelLength() is about a tenth of the size and odd", () => {
  assertEquals([16, 96, 224].map(blurKernelLength), [3, 9, 23]);
});
