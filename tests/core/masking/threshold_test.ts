import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  genviewThreshold,
  quantileThreshold,
  scoreHistogram,
} from "../../../core/masking/threshold.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";

const GOLDEN = new URL("../../../fixtures/golden/masking_thresholds.safetensors", import.meta.url);

/** Nearly normal scores, as reference/masking.py draws them. */
function normal(name: string, count: number): Float64Array {
  const sums = new Float64Array(count);
  for (let i = 0; i < 12; i++) {
    hashedTensor(`${name}/${i}`, [count]).data.forEach((value, at) => sums[at]! += value);
  }
  return sums.map((sum) => sum / 2);
}

function repeated(...groups: [value: number, times: number][]): Float32Array {
  return Float32Array.from(groups.flatMap(([value, times]) => Array(times).fill(value)));
}

function gap(): Float32Array {
  const noise = hashedTensor("masking/gap/noise", [4000]).data;
  const side = hashedTensor("masking/gap", [4000]).data;
  return noise.map((value, i) => (side[i]! < 0.3 ? 0 : 50) + value);
}

const SCORES: Readonly<Record<string, () => Float32Array>> = {
  normal: () => Float32Array.from(normal("masking/normal", 256_000)),
  tied: () => repeated([0, 3], [1, 9], [9, 5], [10, 3]),
  skewed: () =>
    Float32Array.from(
      hashedTensor("masking/skewed", [5000]).data,
      // NumPy's cube: its square, times the value.
      (value) => value * value * value * 7 - 2,
    ),
  offset: () => Float32Array.from(normal("masking/offset", 5000), (value) => value / 64 + 1000),
  gap,
  two: () => repeated([-3.25, 65], [4.5, 35]),
  constant: () => repeated([2.5, 64]),
};

for (const [name, draw] of Object.entries(SCORES)) {
  Deno.test(`scoreHistogram() and genviewThreshold() are NumPy 1's to the bit: ${name}`, async () => {
    const { tensors } = await readSafetensors(GOLDEN.pathname);
    const { counts, edges } = scoreHistogram(draw());
    assertEquals(edges, tensors.get(`${name}/edges`)!.data as Float32Array);
    const expected = tensors.get(`${name}/counts`)!.data as BigInt64Array;
    assertEquals(Array.from(counts), Array.from(expected, Number));
    assertEquals(genviewThreshold(draw()), tensors.get(`${name}/threshold`)!.data[0]);
  });
}

Deno.test("genviewThreshold() is the left edge of the last empty bin after the share is reached", () => {
  const scores = SCORES["tied"]!();
  const threshold = genviewThreshold(scores);
  assertEquals(threshold, Math.fround(9.9));
  assertEquals(scores.filter((score) => score > threshold).length, 3);
});

Deno.test("genviewThreshold() leaves more than 35 % of normal scores, not the 40 % that are meant", () => {
  const scores = SCORES["normal"]!();
  const threshold = genviewThreshold(scores);
  const share = scores.filter((score) => score > threshold).length / scores.length;
  assert(share > 0.35 && share < 0.37, `the share is ${share}`);
});

Deno.test("quantileThreshold() leaves the share above it", () => {
  const scores = SCORES["normal"]!();
  for (const share of [0.4, 0.25, 0.999, 1e-4]) {
    const threshold = quantileThreshold(scores, share);
    const above = scores.filter((score) => score > threshold).length;
    // Scores of 256,000 sums in float32 repeat, so that a tie may lie at the threshold.
    assertAlmostEquals(above / scores.length, share, 1e-4);
    assert(above <= share * scores.length);
  }
  assertEquals(quantileThreshold(Float32Array.of(5, 1, 4, 2, 3)), 3.5);
  assertEquals(quantileThreshold(Float32Array.of(5, 1, 3, 3, 3)), 3);
  // Between neighbours in float32 there is no middle.
  assertEquals(quantileThreshold(Float32Array.of(1, 1 + 2 ** -23), 0.5), 1);
  assertEquals(quantileThreshold(Float32Array.of(1, 2), 0.1), 2);
});

Deno.test("thresholds refuse scores that are missing or no numbers, and shares out of range", () => {
  for (const find of [quantileThreshold, genviewThreshold]) {
    assertThrows(() => find(new Float32Array(0)), RangeError, "it takes finite scores, found none");
    assertThrows(() => find(Float32Array.of(1, NaN)), RangeError, "found NaN");
  }
  assertThrows(() => quantileThreshold(Float32Array.of(1), 1), RangeError, "found 1");
});
