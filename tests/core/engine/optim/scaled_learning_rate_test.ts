import { assertEquals, assertThrows } from "@std/assert";
import { scaledLearningRate } from "../../../../core/engine/optim/scaled_learning_rate.ts";

Deno.test("scaledLearningRate() is proportional to the batch size", () => {
  assertEquals(scaledLearningRate(0.3, 4096, 256), 4.8);
  assertEquals(scaledLearningRate(0.03, 64, 256), 0.0075);
});

Deno.test("scaledLearningRate() leaves a rate without a base batch size as it is", () => {
  assertEquals(scaledLearningRate(0.3, 64, 0), 0.3);
});

Deno.test("scaledLearningRate() refuses batch sizes that are none", () => {
  assertThrows(() => scaledLearningRate(0.3, 0, 256), RangeError, "found 0 and 256");
  assertThrows(() => scaledLearningRate(0.3, 64, 2.5), RangeError, "found 64 and 2.5");
});
