import { assert, assertEquals } from "@std/assert";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { dropPathShares, dropProbability } from "../../../core/evaluate/drop_path.ts";

Deno.test("dropPathShares() leaves out as many as the probability says, and keeps the mean", () => {
  const shares = dropPathShares(20_000, 0.1, new RandomStream(0, "drop_path", 3, 1));
  const dropped = shares.filter((share) => share === 0).length / shares.length;
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  assert(Math.abs(dropped - 0.1) < 0.01, `dropped ${dropped}`);
  assert(Math.abs(mean - 1) < 0.01, `the mean is ${mean}`);
  assertEquals(new Set(shares), new Set([0, Math.fround(1 / 0.9)]));
  assertEquals([...dropPathShares(3, 0, new RandomStream(0))], [1, 1, 1]);
});

Deno.test("dropProbability() rises from none to the rate, alike for both branches of a block", () => {
  const found = Array.from({ length: 24 }, (_, branch) => dropProbability(0.1, branch, 24));
  assertEquals([found[0], found[1], found[22], found[23]], [0, 0, 0.1, 0.1]);
  assertEquals(found[8], found[9]);
  assertEquals([dropProbability(0.1, 0, 2), dropProbability(0.1, 1, 2)], [0, 0]);
});
