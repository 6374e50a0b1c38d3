import { assertEquals, assertThrows } from "@std/assert";
import {
  broadcastShapes,
  elementCount,
  normalizeAxis,
  rowMajorStrides,
  sameShape,
} from "../../../../core/engine/graph/shape.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";

/** Shapes that stretch over each other: parts of one shape with some of its lengths set to one. */
function stretchable(random: RandomStream): number[][] {
  const whole = Array.from({ length: 1 + random.integer(4) }, () => 1 + random.integer(5));
  return Array.from(
    { length: 3 },
    () =>
      whole.slice(random.integer(whole.length + 1)).map((length) =>
        random.chance(0.4) ? 1 : length
      ),
  );
}

Deno.test("broadcastShapes() stretches over axes of length one, from the back", () => {
  assertEquals(broadcastShapes([2, 1, 5], [3, 1]), [2, 3, 5]);
  assertEquals(broadcastShapes([], [4]), [4]);
  assertEquals(broadcastShapes([], []), []);
  assertEquals(broadcastShapes([1], [1, 1]), [1, 1]);
});

Deno.test("broadcastShapes() rejects lengths that differ", () => {
  assertThrows(
    () => broadcastShapes([2, 3], [4]),
    RangeError,
    "axis 1 must match or be 1, found 3 and 4",
  );
});

Deno.test("broadcastShapes() is commutative, associative and idempotent", () => {
  const random = new RandomStream(0, "shapes");
  for (let i = 0; i < 200; i++) {
    const [a, b, c] = stretchable(random) as [number[], number[], number[]];
    const ab = broadcastShapes(a, b);
    assertEquals(broadcastShapes(b, a), ab);
    assertEquals(broadcastShapes(ab, c), broadcastShapes(a, broadcastShapes(b, c)));
    assertEquals(broadcastShapes(ab, a), ab);
    assertEquals(broadcastShapes(a, a), a);
  }
});

Deno.test("elementCount() is the product of the lengths, one for a scalar", () => {
  assertEquals(elementCount([2, 3, 5]), 30);
  assertEquals(elementCount([]), 1);
});

Deno.test("rowMajorStrides() number the elements without gaps", () => {
  assertEquals(rowMajorStrides([2, 3, 5]), [15, 5, 1]);
  assertEquals(rowMajorStrides([]), []);
  const random = new RandomStream(0, "strides");
  for (let i = 0; i < 50; i++) {
    const shape = stretchable(random)[0]!;
    const last = shape.reduce(
      (sum, length, axis) => sum + (length - 1) * rowMajorStrides(shape)[axis]!,
      0,
    );
    assertEquals(last, elementCount(shape) - 1);
  }
});

Deno.test("sameShape() compares rank and lengths", () => {
  assertEquals(sameShape([2, 3], [2, 3]), true);
  assertEquals(sameShape([2, 3], [2, 3, 1]), false);
  assertEquals(sameShape([2, 3], [3, 2]), false);
});

Deno.test("normalizeAxis() counts negative axes from the back", () => {
  assertEquals(normalizeAxis(-1, 3), 2);
  assertEquals(normalizeAxis(0, 3), 0);
  for (const axis of [3, -4, 0.5]) {
    assertThrows(
      () => normalizeAxis(axis, 3),
      RangeError,
      `axis must be an integer in [-3, 3), found ${axis}`,
    );
  }
});
