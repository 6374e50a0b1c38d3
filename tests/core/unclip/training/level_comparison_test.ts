import { assertAlmostEquals, assertEquals } from "@std/assert";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import { LevelComparison } from "../../../../core/unclip/training/level_comparison.ts";

const rows = (...values: readonly (readonly number[])[]) =>
  tensor("float32", [values.length, values[0]!.length], Float32Array.from(values.flat()));

Deno.test("LevelComparison compares with originals row by row, and finds identities in the bank", async () => {
  const originals = rows([2, 0, 0], [0, 3, 0], [0, 0, 1]);
  const bank = rows([1, 0.1, 0], [0, 1, 0.1], [0.1, 0, 1], [-1, -1, -1]);
  const comparison = new LevelComparison(
    { features: originals, identities: ["a", "b", "c"] },
    { features: bank, identities: ["a", "b", "c", "d"] },
    { threads: 1 },
  );
  const same = await comparison.of(originals);
  assertAlmostEquals(same.similarity, 1, 1e-6);
  assertEquals(same.nearestIdentity, 1);
  // The first is itself, the second has turned into the third, the third lies between the first two.
  const { similarity, nearestIdentity, distance } = await comparison.of(
    rows([5, 0, 0], [0, 0, 1], [1, 1, 0]),
  );
  assertAlmostEquals(similarity, 1 / 3, 1e-6);
  assertAlmostEquals(nearestIdentity, 1 / 3, 1e-6);
  assertEquals(distance > same.distance, true);
  const others = await comparison.others();
  assertAlmostEquals(others.similarity, 0, 1e-6);
  assertAlmostEquals(others.nearestIdentity, 1 / 4, 1e-6);
});
