import { assertEquals, assertThrows } from "@std/assert";
import { zeros } from "../../../core/engine/graph/tensor.ts";
import { classCount } from "../../../core/evaluate/labeled_features.ts";

const features = zeros("float32", [3, 2]);

Deno.test("classCount() is one more than the largest label", () => {
  assertEquals(classCount({ features, labels: Int32Array.of(0, 4, 4) }, "the bank"), 5);
});

Deno.test("classCount() refuses labels that are missing", () => {
  assertThrows(
    () => classCount({ features, labels: Int32Array.of(0, 1) }, "the bank"),
    RangeError,
    "Cannot evaluate the bank: there must be a label for each row of [N,D], found 2 for float32[3,2]",
  );
  assertThrows(
    () => classCount({ features, labels: Int32Array.of(0, 1, -1) }, "the queries"),
    RangeError,
    "Cannot evaluate the queries: labels must be 0 or more, found -1 in row 2",
  );
});
