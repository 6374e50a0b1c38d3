import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { float32, type Tensor } from "../../../core/engine/graph/tensor.ts";
import { RandomStream } from "../../../core/engine/random/mod.ts";
import { embeddingMap } from "../../../core/evaluate/embedding_map.ts";

const GROUPS = 3;
const ROWS = 60;
const WIDTH = 8;

/** Features around three directions, of any lengths. */
function groups(length: (row: number) => number): Tensor<"float32"> {
  const random = new RandomStream(0, "groups");
  const data = Array.from({ length: ROWS * WIDTH }, (_, i) => {
    const [row, column] = [Math.floor(i / WIDTH), i % WIDTH];
    const value = (column === row % GROUPS ? 1 : 0) + random.normal(0, 0.1);
    return length(row) * value;
  });
  return float32([ROWS, WIDTH], data);
}

/** The nearest other point. */
function nearestTo(i: number, { data }: Tensor<"float32">): number {
  const distance = (j: number) =>
    j === i
      ? Infinity
      : Math.hypot(data[2 * i]! - data[2 * j]!, data[2 * i + 1]! - data[2 * j + 1]!);
  return Array.from({ length: ROWS }, (_, j) => j).reduce((best, j) =>
    distance(j) < distance(best) ? j : best
  );
}

Deno.test("embeddingMap() lays features of a direction close together", async () => {
  const map = await embeddingMap(groups(() => 1));
  assertEquals(map.shape, [ROWS, 2]);
  assert(map.data.every(Number.isFinite));
  for (let i = 0; i < ROWS; i++) assertEquals(nearestTo(i, map) % GROUPS, i % GROUPS, `row ${i}`);
});

Deno.test("embeddingMap() depends on its seed alone, and not on the features' lengths", async () => {
  const options = { epochs: 20, neighbors: 6 };
  const map = await embeddingMap(groups(() => 1), options);
  assertEquals(await embeddingMap(groups(() => 1), options), map);
  assertNotEquals(await embeddingMap(groups(() => 1), { ...options, seed: 1 }), map);
  // Powers of two change no digit of a cosine.
  assertEquals(await embeddingMap(groups((row) => 2 ** (row % 5)), options), map);
});

Deno.test("embeddingMap() lays out features that are all the same, and as few as four", async () => {
  const map = await embeddingMap(float32([4, 2], new Array(8).fill(1)));
  assert(map.data.every(Number.isFinite), `${map.data}`);
});

Deno.test("embeddingMap() can be ended", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  setTimeout(() => stop.abort(reason), 50);
  const endless = { epochs: 1e6, signal: stop.signal };
  const thrown = await embeddingMap(groups(() => 1), endless).catch((error) => error);
  assertEquals(thrown, reason);
});

Deno.test("embeddingMap() refuses what it cannot lay out", async () => {
  const features = groups(() => 1);
  await assertRejects(
    () => embeddingMap(float32([3, 2], new Array(6).fill(1))),
    RangeError,
    "[3,2]",
  );
  await assertRejects(() => embeddingMap(float32([8], new Array(8).fill(1))), RangeError, "[8]");
  for (const neighbors of [1, 2.5, ROWS]) {
    await assertRejects(() => embeddingMap(features, { neighbors }), RangeError, "[2, 59]");
  }
  await assertRejects(
    () => embeddingMap(features, { minimumDistance: 2 }),
    RangeError,
    "2 and 300",
  );
  await assertRejects(() => embeddingMap(features, { epochs: 0 }), RangeError, "0.1 and 0");
});

Deno.test("embeddingMap() that begins at another map keeps what stays alike in its place", async () => {
  const features = groups(() => 1);
  const first = await embeddingMap(features);
  // Features that were trained on a little.
  const random = new RandomStream(1, "trained");
  const trained = float32(
    features.shape,
    features.data.map((value) => value + random.normal(0, 0.02)),
  );
  const moved = (map: Tensor<"float32">) => {
    const squares = map.data.reduce((sum, x, i) => sum + (x - first.data[i]!) ** 2, 0);
    return Math.sqrt(squares / ROWS);
  };
  const options = { epochs: 100, stepSize: 0.1 };
  const continued = await embeddingMap(trained, { ...options, begin: first });
  const anew = await embeddingMap(trained, { ...options, seed: 1 });
  assert(moved(continued) < moved(anew) / 3, `${moved(continued)} and ${moved(anew)}`);
  for (let i = 0; i < ROWS; i++) {
    assertEquals(nearestTo(i, continued) % GROUPS, i % GROUPS, `row ${i}`);
  }
  const short = float32([1, 2], [0, 0]);
  await assertRejects(() => embeddingMap(features, { begin: short }), RangeError, "[60,2]");
  await assertRejects(() => embeddingMap(features, { stepSize: 0 }), RangeError, "found 0");
});
