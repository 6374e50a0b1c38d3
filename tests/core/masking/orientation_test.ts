import { assertEquals, assertThrows } from "@std/assert";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { orientScores } from "../../../core/masking/orientation.ts";

const INSIDE_HIGH = [0, 0, 0, 0, 9, 0, 0, 0, 0];

Deno.test("orientScores() takes the side of the border for the background", () => {
  const vector = Float32Array.of(-1);
  const high = orientScores(float32([1, 9], INSIDE_HIGH), [3, 3], vector);
  assertEquals(high, { negate: false, decidedBy: "border", border: 0, inside: 9 });
  const low = orientScores(float32([1, 9], INSIDE_HIGH.map((x) => -x)), [3, 3], vector);
  assertEquals(low, { negate: true, decidedBy: "border", border: 0, inside: -9 });
});

Deno.test("orientScores() goes by the mean of all images", () => {
  const scores = float32([3, 9], [
    ...INSIDE_HIGH,
    ...INSIDE_HIGH.map((x) => -x),
    ...INSIDE_HIGH.map((x) => -x),
  ]);
  const { negate, inside } = orientScores(scores, [3, 3], Float32Array.of(1));
  assertEquals([negate, inside], [true, -3]);
});

Deno.test("orientScores() makes the largest coordinate positive where the border says nothing", () => {
  const all = float32([1, 4], [1, 2, 3, 4]);
  const turned = orientScores(all, [2, 2], Float32Array.of(0.5, -0.8));
  assertEquals(turned, {
    negate: true,
    decidedBy: "largest coordinate",
    border: 2.5,
    inside: undefined,
  });
  const even = orientScores(float32([1, 9], Array(9).fill(2)), [3, 3], Float32Array.of(1, 0));
  assertEquals([even.negate, even.decidedBy], [false, "largest coordinate"]);
});

Deno.test("orientScores() refuses scores that are not of whole images", () => {
  assertThrows(
    () => orientScores(float32([5], [1, 2, 3, 4, 5]), [2, 2], Float32Array.of(1)),
    RangeError,
    "there must be 4 for each image, found 5",
  );
});
