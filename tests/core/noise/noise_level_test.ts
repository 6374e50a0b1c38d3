import { assertEquals, assertThrows } from "@std/assert";
import {
  checkNoiseSchedule,
  GENVIEW_NOISE_SCHEDULE,
  noiseLevel,
} from "../../../core/noise/noise_level.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../fixtures/golden/masking_thresholds.safetensors", import.meta.url);

/** Ratios at and beside every edge, with GenView's level. */
const EDGES: readonly (readonly [ratio: number, level: number])[] = [
  [-0.1, 0],
  [0, 0],
  [1 / 256, 0],
  [51 / 256, 0],
  [0.2, 0],
  [0.20000000000000004, 100],
  [52 / 256, 100],
  [102 / 256, 100],
  [0.4, 100],
  [103 / 256, 200],
  [153 / 256, 200],
  [0.6, 200],
  [154 / 256, 300],
  [204 / 256, 300],
  [0.8, 300],
  [205 / 256, 400],
  [1, 400],
  [1.0001, 500],
  [NaN, 500],
];

for (const [ratio, level] of EDGES) {
  Deno.test(`noiseLevel() of ${ratio} is GenView's ${level}`, () => {
    assertEquals(noiseLevel(ratio), level);
  });
}

Deno.test("noiseLevel() is NumPy's for every share of 49, 196 and 256 tokens", async () => {
  const { tensors } = await readSafetensors(GOLDEN.pathname);
  for (const tokens of [49, 196, 256]) {
    const ratios = tensors.get(`ratios/${tokens}`)!.data as Float32Array;
    const levels = Array.from(tensors.get(`levels/${tokens}`)!.data as BigInt64Array, Number);
    assertEquals(Array.from(ratios, (ratio) => noiseLevel(ratio)), levels);
  }
});

Deno.test("noiseLevel() takes other ranges and levels", () => {
  const schedule = { edges: [0, 0.5], levels: [50, 300] };
  assertEquals([0, 0.5, 0.51, 1].map((ratio) => noiseLevel(ratio, schedule)), [50, 50, 300, 300]);
});

Deno.test("checkNoiseSchedule() refuses edges that do not ascend, and levels that do not fit", () => {
  checkNoiseSchedule(GENVIEW_NOISE_SCHEDULE);
  assertThrows(
    () => checkNoiseSchedule({ edges: [0, 0.5], levels: [0] }),
    RangeError,
    "one level for each edge, found 1 for 2",
  );
  assertThrows(
    () => checkNoiseSchedule({ edges: [0.5, 0.5], levels: [0, 1] }),
    RangeError,
    "edges must ascend, found 0.5, 0.5",
  );
  assertThrows(
    () => checkNoiseSchedule({ edges: [0], levels: [1000] }),
    RangeError,
    "levels must be whole numbers in [0, 1000), found 1000",
  );
});
