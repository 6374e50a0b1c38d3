import { assert, assertEquals, assertRejects } from "@std/assert";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import type { DatasetFeatures } from "../../../core/evaluate/dataset_features.ts";
import { probeBackbone, probeRows } from "../../../core/evaluate/probe_backbone.ts";

/** Random features, of which a classifier can learn nothing but by heart. */
function noise(rows: number, classes: number): DatasetFeatures {
  const random = new RandomStream(1, "noise");
  const width = 64;
  return {
    features: float32([rows, width], Array.from({ length: rows * width }, () => random.normal())),
    labels: Int32Array.from({ length: rows }, (_, row) => row % classes),
    indices: Array.from({ length: rows }, (_, row) => row),
    skipped: 0,
  };
}

const itself = (rows: number) =>
  new Map(Array.from({ length: rows }, (_, row) => [row, [row]] as const));

Deno.test("probeBackbone() on its own training images tests a held-out part: chance, and not 100 %", async () => {
  const bank = noise(60, 2);
  const scores = { bank, queries: bank, sameImage: itself(60) };
  const { split, trained, tested, top1, chance } = await probeBackbone(scores);
  assertEquals([split, trained, tested], ["held out", 48, 12]);
  assertEquals(chance.balanced, 0.5);
  assert(top1 < 0.9, `top1 is ${top1}`);
  // What it would be without: all by heart.
  const { top1: heart } = await probeBackbone({ ...scores, sameImage: new Map() });
  assertEquals(heart, 1);
});

Deno.test("probeRows() leaves test images out of training where every class keeps some", () => {
  const bank = noise(10, 2);
  const queries = noise(4, 2);
  const sameImage = new Map([[0, [0]], [1, [1]]]);
  const { split, train, test } = probeRows({ bank, queries, sameImage });
  assertEquals([split, train, test], ["test images left out", [2, 3, 4, 5, 6, 7, 8, 9], [
    0,
    1,
    2,
    3,
  ]]);
  assertEquals(probeRows({ bank, queries, sameImage: new Map() }).split, "separate");
});

Deno.test("probeRows() never trains on a copy of an image that it tests", () => {
  // Rows 0 and 1 are one image that is listed twice, rows 2 and 3 another of the same class.
  const bank = { ...noise(4, 1), labels: new Int32Array(4) };
  const pairs = [[0, 1], [0, 1], [2, 3], [2, 3]];
  const sameImage = new Map(pairs.map((rows, row) => [row, rows]));
  const { train, test } = probeRows({ bank, queries: bank, sameImage }, { share: 0.25 });
  assertEquals(train.length, 2);
  assertEquals(test.length, 2);
  assertEquals(train.filter((row) => test.includes(row)), []);
});

Deno.test("probeBackbone() refuses where no image is left to train on or to test", async () => {
  const bank = noise(2, 2);
  await assertRejects(
    () => probeBackbone({ bank, queries: bank, sameImage: itself(2) }),
    TypeError,
    "images must be left to train on and to test, found each class with one image",
  );
});
