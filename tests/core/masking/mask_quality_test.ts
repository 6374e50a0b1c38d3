import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type Dataset, datasetOf, evaluationLoader } from "../../../core/data/mod.ts";
import { openEmoji } from "../../../core/data/emoji/mod.ts";
import { evaluationView } from "../../../core/data/views/presets.ts";
import { float32, type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import {
  centerSquareMasks,
  compareMasks,
  correlation,
  maskPatches,
  maskQuality,
  randomMasks,
} from "../../../core/masking/mask_quality.ts";

Deno.test("maskPatches() is the share of each patch that is foreground", () => {
  const masks = tensor("uint8", [1, 2, 4], Uint8Array.of(255, 255, 0, 0, 255, 255, 0, 255));
  assertEquals(maskPatches(masks, [1, 2]), float32([1, 2], [1, 0.25]));
  assertThrows(() => maskPatches(masks, [1, 3]), RangeError, "into 1 x 3 patches");
});

Deno.test("maskQuality() of the truth itself is 1, of its opposite 0", () => {
  const truth = float32([3, 4], [1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0]);
  const same = tensor("uint8", [3, 4], Uint8Array.from(truth.data));
  const { intersectionOverUnion, ratioCorrelation } = maskQuality(same, truth);
  assertEquals(intersectionOverUnion, 1);
  assertAlmostEquals(ratioCorrelation, 1, 1e-12);
  const opposite = tensor("uint8", [3, 4], same.data.map((value) => 1 - value));
  assertEquals(maskQuality(opposite, truth).intersectionOverUnion, 0);
  assertAlmostEquals(maskQuality(opposite, truth).ratioCorrelation, -1, 1e-12);
});

Deno.test("maskQuality() counts what overlaps over what either has", () => {
  const truth = float32([1, 4], [0.5, 1, 0.49, 0]);
  const masks = tensor("uint8", [1, 4], Uint8Array.of(0, 1, 1, 0));
  assertAlmostEquals(maskQuality(masks, truth).intersectionOverUnion, 1 / 3, 1e-12);
  assertThrows(() => maskQuality(masks, float32([2, 2], [0, 0, 0, 0])), RangeError, "uint8[1,4]");
});

Deno.test("correlation() is Pearson's, and 0 where one side does not vary", () => {
  assertAlmostEquals(correlation([1, 2, 3, 4], [2, 1, 4, 3]), 0.6, 1e-12);
  assertEquals(correlation([1, 1, 1], [1, 2, 3]), 0);
});

Deno.test("centerSquareMasks() and randomMasks() have about the share of tokens", () => {
  const square = centerSquareMasks(2, [4, 4], 0.25);
  assertEquals(Array.from(square.data.subarray(16)), [
    ...[0, 0, 0, 0],
    ...[0, 1, 1, 0],
    ...[0, 1, 1, 0],
    ...[0, 0, 0, 0],
  ]);
  const random = randomMasks(100, [10, 10], 0.3, 1);
  const share = random.data.reduce((sum, value) => sum + value, 0) / 10_000;
  assertAlmostEquals(share, 0.3, 0.02);
  assertEquals(randomMasks(100, [10, 10], 0.3, 1), random);
  assert(String(randomMasks(100, [10, 10], 0.3, 2).data) !== String(random.data));
});

async function emojiMasks(dataset: Dataset, size: number): Promise<Tensor<"uint8">> {
  const view = { ...evaluationView(size), shorterSide: size };
  for await (
    const { masks } of evaluationLoader(dataset, view, { batchSize: dataset.length, masks: true })
  ) return masks!;
  throw new Error("no batch");
}

Deno.test("compareMasks() ranks the truth of emoji above a square in the middle, and that above chance", async () => {
  const all = await openEmoji("google", { size: 64, redraw: false });
  const some = datasetOf("some", 48, (index) => all.sample(index * 30));
  const truth = await emojiMasks(some, 64);
  const patches = maskPatches(truth, [8, 8]);
  const masks = tensor(
    "uint8",
    patches.shape,
    Uint8Array.from(patches.data, (share) => Number(share >= 0.5)),
  );
  const { masks: own, centerSquare, random } = compareMasks(masks, truth, [8, 8]);
  assertEquals(own.intersectionOverUnion, 1);
  assert(own.ratioCorrelation > 0.95, `the correlation is ${own.ratioCorrelation}`);
  assert(own.intersectionOverUnion > centerSquare.intersectionOverUnion);
  assert(centerSquare.intersectionOverUnion > random.intersectionOverUnion + 0.1);
  assertEquals(centerSquare.ratioCorrelation, 0);
  assert(Math.abs(random.ratioCorrelation) < 0.5);
});
