import { assertAlmostEquals, assertEquals, assertStrictEquals } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import {
  standardizeLabels,
  withPlainLabels,
  withStandardizedLabels,
} from "../../../../core/unclip/training/class_embedding.ts";

const LAYER = "class_embedding.linear_1";
const STATISTICS = { mean: Float32Array.of(40, -3), std: Float32Array.of(2, 0.5) };

/** Labels of an image 1.5 and -2 deviations from the mean, and of a condition that is left out; with a level's embedding. */
const LABELS = [[40 + 1.5 * 2, -3 - 2 * 0.5, 0.3, -0.7], [0, 0, 0, 0]];

function labels() {
  return float32([2, 4], Float32Array.from(LABELS.flat()));
}

Deno.test("standardizeLabels() leaves embeddings of the mean 0 and of four times their standard score, and levels", () => {
  const standardized = labels();
  standardizeLabels(standardized, STATISTICS);
  assertEquals(
    [...standardized.data],
    [6, -8, 0.3, -0.7, -80, 24, 0, 0].map(Math.fround),
  );
});

Deno.test("withPlainLabels() is the same function of labels as they are", () => {
  const weight = float32([2, 4], Float32Array.of(0.5, -1, 2, 0.25, 1, 3, -0.5, 1));
  const bias = float32([2], Float32Array.of(0.125, -4));
  const other = float32([1], Float32Array.of(7));
  const trained = new Map([
    [`${LAYER}.weight`, weight],
    [`${LAYER}.bias`, bias],
    ["conv_in.weight", other],
  ]);
  const plain = withPlainLabels(trained, STATISTICS);
  assertStrictEquals(plain.get("conv_in.weight"), other);
  const standardized = labels();
  standardizeLabels(standardized, STATISTICS);
  const feature = (layer: ReadonlyMap<string, unknown>, given: ArrayLike<number>, row: number) => {
    const [{ data: weights }, { data: biases }] = ["weight", "bias"].map((name) =>
      layer.get(`${LAYER}.${name}`) as typeof weight
    ) as [typeof weight, typeof bias];
    const columns = Array.from(given);
    return columns.reduce((sum, value, i) => sum + weights[4 * row + i]! * value, biases[row]!);
  };
  LABELS.forEach((label, image) => {
    for (const row of [0, 1]) {
      const expected = feature(trained, standardized.data.subarray(4 * image, 4 * image + 4), row);
      assertAlmostEquals(feature(plain, label, row), expected, 1e-4);
    }
  });
});

Deno.test("withStandardizedLabels() is what withPlainLabels() takes back", () => {
  const plain = new Map([
    [`${LAYER}.weight`, float32([2, 4], Float32Array.of(0.5, -1, 2, 0.25, 1, 3, -0.5, 1))],
    [`${LAYER}.bias`, float32([2], Float32Array.of(0.125, -4))],
  ]);
  const standardized = withStandardizedLabels(plain, STATISTICS);
  // By a quarter of the deviations 2 and 0.5, and the biases by the mean of labels.
  const { data } = standardized.get(`${LAYER}.weight`)!;
  assertEquals([...data], [0.25, -0.125, 2, 0.25, 0.5, 0.375, -0.5, 1]);
  assertEquals([...standardized.get(`${LAYER}.bias`)!.data], [0.125 + 20 + 3, -4 + 40 - 9]);
  assertEquals(withPlainLabels(standardized, STATISTICS), plain);
});
