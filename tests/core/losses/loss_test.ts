import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { crossEntropy, infoNce, multiPositive, weightedMean } from "../../../core/losses/mod.ts";
import { runGraph } from "../../run_graph.ts";

const PER_SAMPLE = input("losses", "float32", [4]);
const losses = float32([4], [1, 2, 3, 6]);

Deno.test("weightedMean() without weights is the mean", async () => {
  const { y } = await runGraph({ y: weightedMean(PER_SAMPLE) }, { losses });
  assertEquals(y, float32([], [3]));
});

Deno.test("weightedMean() divides by the number of samples, not by the sum of the weights", async () => {
  const weights = float32([4], [2, 0, 1, 4]);
  const value = weightedMean(PER_SAMPLE, input("weights", "float32", [4]));
  const { y } = await runGraph({ y: value }, { losses, weights });
  assertAlmostEquals(Number(y!.data[0]), (2 * 1 + 1 * 3 + 4 * 6) / 4, 1e-6);
});

Deno.test("weightedMean() refuses losses and weights that are not one for each sample", () => {
  assertThrows(
    () => weightedMean(input("losses", "float32", [4, 2])),
    RangeError,
    "Cannot average losses: they must be [N], found [4,2]",
  );
  assertThrows(
    () => weightedMean(PER_SAMPLE, input("weights", "float32", [3])),
    RangeError,
    "Cannot weigh losses: the weights must be [4], found [3]",
  );
});

Deno.test("losses refuse a temperature that is not above 0", () => {
  const x = input("x", "float32", [4, 2]);
  for (const temperature of [0, -0.1, NaN]) {
    for (
      const loss of [
        () => crossEntropy(x, x, { temperature }),
        () => infoNce(x, x, { temperature }),
        () => multiPositive([x, x], [x, x], { temperature }),
      ]
    ) assertThrows(loss, RangeError, `it must be above 0, found ${temperature}`);
  }
});
