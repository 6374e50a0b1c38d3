import { assertEquals, assertThrows } from "@std/assert";
import { zeros } from "../../../core/engine/graph/tensor.ts";
import { checkLabels, occurringClasses } from "../../../core/evaluate/labeled_features.ts";

const features = zeros("float32", [3, 2]);

Deno.test("occurringClasses() numbers the classes of several sets in the order of their labels", () => {
  const { labels, numbersOf } = occurringClasses(
    Int32Array.of(2 ** 31 - 1, 4),
    Int32Array.of(7, 4),
  );
  assertEquals([...labels], [4, 7, 2 ** 31 - 1]);
  assertEquals([...numbersOf(Int32Array.of(7, 7, 4))], [1, 1, 0]);
});

Deno.test("checkLabels() refuses labels that are missing", () => {
  checkLabels({ features, labels: Int32Array.of(0, 4, 4) }, "the bank");
  assertThrows(
    () => checkLabels({ features, labels: Int32Array.of(0, 1) }, "the bank"),
    RangeError,
    "Cannot evaluate the bank: there must be a label for each row of [N,D], found 2 for float32[3,2]",
  );
  assertThrows(
    () => checkLabels({ features, labels: Int32Array.of(0, 1, -1) }, "the queries"),
    RangeError,
    "Cannot evaluate the queries: labels must be 0 or more, found -1 in row 2",
  );
});
