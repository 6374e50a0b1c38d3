import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import {
  constantInitializer,
  fansOf,
  type Initializer,
  kaimingNormal,
  normalInitializer,
  torchDefault,
  truncatedNormalInitializer,
  uniformInitializer,
  unitRows,
  xavierUniform,
} from "../../../../core/engine/nn/initializers.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";

/** A convolution of fan in 16 * 9 = 144 and fan out 64 * 9 = 576. */
const CONVOLUTION: Shape = [64, 16, 3, 3];

interface Statistics {
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
}

/** Statistics of 100 draws of a tensor: enough that they stand within a percent of the distribution's. */
function measure(initializer: Initializer, shape: Shape = CONVOLUTION): Statistics {
  let count = 0;
  let sum = 0;
  let squares = 0;
  let least = Infinity;
  let most = -Infinity;
  for (let draw = 0; draw < 100; draw++) {
    for (const value of initializer(shape, new RandomStream(draw, "test"))) {
      count++;
      sum += value;
      squares += value * value;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(squares / count - mean * mean), least, most };
}

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert(
    Math.abs(actual - expected) <= tolerance,
    `${actual}, not ${expected} within ${tolerance}`,
  );
}

function assertNormal(initializer: Initializer, deviation: number, mean = 0): void {
  const found = measure(initializer);
  assertNear(found.mean, mean, deviation * 0.01);
  assertNear(found.deviation, deviation, deviation * 0.01);
  assert(found.most > mean + 4 * deviation, "no value beyond 4 standard deviations");
}

function assertUniform(initializer: Initializer, low: number, high: number): void {
  const found = measure(initializer);
  const range = high - low;
  assertNear(found.mean, (low + high) / 2, range * 0.003);
  assertNear(found.deviation, range / Math.sqrt(12), range * 0.003);
  assertNear(found.least, low, range * 0.001);
  assertNear(found.most, high, range * 0.001);
  assert(found.least >= Math.fround(low) && found.most <= Math.fround(high), "out of bounds");
}

Deno.test("fansOf() counts the kernel's elements for both sides", () => {
  assertEquals(fansOf(CONVOLUTION), { fanIn: 144, fanOut: 576 });
  assertEquals(fansOf([10, 20]), { fanIn: 20, fanOut: 10 });
  assertThrows(() => fansOf([10]), RangeError, "must have at least 2 axes, found [10]");
});

Deno.test("constantInitializer() gives one value everywhere", () => {
  assertEquals([...constantInitializer(0.5)([2, 2], new RandomStream(0))], [0.5, 0.5, 0.5, 0.5]);
});

Deno.test("uniformInitializer() fills its bounds evenly", () => {
  assertUniform(uniformInitializer(-0.25, 1), -0.25, 1);
});

Deno.test("normalInitializer() has its mean and deviation", () => {
  assertNormal(normalInitializer(0.5, 2), 0.5, 2);
});

Deno.test("kaimingNormal() keeps the variance of the forward pass under ReLU", () => {
  assertNormal(kaimingNormal(), Math.sqrt(2 / 144));
});

Deno.test("kaimingNormal() keeps the variance of the backward pass for fan out", () => {
  assertNormal(kaimingNormal({ fan: "out" }), Math.sqrt(2 / 576));
});

Deno.test("kaimingNormal() takes another gain", () => {
  assertNormal(kaimingNormal({ gain: 1 }), Math.sqrt(1 / 144));
});

Deno.test("xavierUniform() has the bounds of PyTorch's", () => {
  assertUniform(xavierUniform(), -Math.sqrt(6 / 720), Math.sqrt(6 / 720));
  assertUniform(xavierUniform(2), -2 * Math.sqrt(6 / 720), 2 * Math.sqrt(6 / 720));
});

Deno.test("torchDefault() has the bounds of PyTorch's layers", () => {
  assertUniform(torchDefault(144), -1 / 12, 1 / 12);
});

Deno.test("truncatedNormalInitializer() with timm's deviation is as good as normal", () => {
  const found = measure(truncatedNormalInitializer(0.02));
  assertNear(found.mean, 0, 0.0002);
  assertNear(found.deviation, 0.02, 0.0002);
});

Deno.test("truncatedNormalInitializer() redraws what lies out of bounds", () => {
  const found = measure(truncatedNormalInitializer(1));
  assertNear(found.least, -2, 0.001);
  assertNear(found.most, 2, 0.001);
  assert(found.least >= -2 && found.most <= 2, "out of bounds");
  // Of a normal cut at 2 standard deviations: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
  assertNear(found.deviation, 0.8796, 0.005);
  const moved = measure(truncatedNormalInitializer(1, { mean: 3, low: 3, high: 4 }));
  assertNear(moved.least, 3, 0.001);
  assertNear(moved.most, 4, 0.001);
});

Deno.test("unitRows() draws rows of unit length in all directions", () => {
  const values = unitRows()([50, 3], new RandomStream(0, "rows"));
  const rows = Array.from({ length: 50 }, (_, i) => [...values.subarray(3 * i, 3 * i + 3)]);
  for (const row of rows) {
    assertAlmostEquals(row.reduce((sum, x) => sum + x * x, 0), 1, 1e-6);
  }
  const mean = [0, 1, 2].map((axis) => rows.reduce((sum, row) => sum + row[axis]!, 0) / 50);
  mean.forEach((coordinate) => assertAlmostEquals(coordinate, 0, 0.25));
});
