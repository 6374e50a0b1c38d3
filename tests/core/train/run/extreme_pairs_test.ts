import { assertEquals } from "@std/assert";
import { float32, tensor } from "../../../../core/engine/graph/tensor.ts";
import { extremeIndices, extremePairs } from "../../../../core/train/run/extreme_pairs.ts";

Deno.test("extremeIndices() takes all pairs where there are not as many, and the first of equals first", () => {
  assertEquals(extremeIndices(Float32Array.of(1, 2, 1), 5), [1, 0, 2]);
  assertEquals(extremeIndices(Float32Array.of(1, 1, 1, 1), 2), [0, 3]);
  assertEquals(extremeIndices(Float32Array.of(1, 3), 1), [1]);
});

Deno.test("extremePairs() keeps what belongs to the pairs of most and least weight", () => {
  const pictures = tensor("uint8", [4, 1, 1, 3], Uint8Array.from({ length: 12 }, (_, i) => i));
  const maps = float32([4, 2], [0, 0.1, 1, 1.1, 2, 2.1, 3, 3.1]);
  const { weights, foreground, maps: kept, pictures: [first] } = extremePairs({
    epoch: 0,
    grid: [1, 2],
    weights: Float32Array.of(1, 0.5, 1.5, 0.75),
    foreground: Float32Array.of(10, 11, 12, 13),
    background: Float32Array.of(0, 0, 0, 0),
    maps: [maps, maps],
    pictures: [pictures, pictures],
  }, 2);
  assertEquals([...weights], [1.5, 0.5]);
  assertEquals([...foreground], [12, 11]);
  assertEquals([kept[1].shape, [...kept[1].data]], [[2, 2], [
    ...float32([4], [2, 2.1, 1, 1.1]).data,
  ]]);
  assertEquals([first.shape, [...first.data]], [[2, 1, 1, 3], [6, 7, 8, 3, 4, 5]]);
});
