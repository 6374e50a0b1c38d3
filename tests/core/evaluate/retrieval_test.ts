import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { float32, zeros } from "../../../core/engine/graph/tensor.ts";
import { retrieval, type RetrievalScores } from "../../../core/evaluate/retrieval.ts";

function scoresOf({ chance: _, ...scores }: RetrievalScores) {
  return scores;
}

/** Directions in the plane, by angle in degrees. */
function directions(...degrees: readonly number[]) {
  const values = degrees.flatMap((angle) => [
    Math.cos(angle * Math.PI / 180),
    Math.sin(angle * Math.PI / 180),
  ]);
  return float32([degrees.length, 2], values);
}

Deno.test("retrieval() scores the places of counterparts in both directions", async () => {
  const first = { features: directions(0, 100, 200), identities: ["a", "b", "c"] };
  const second = { features: directions(140, 5, 110), identities: ["c", "a", "b"] };
  const { forward, backward } = await retrieval(first, second);
  assertEquals(scoresOf(forward), {
    queries: 3,
    recallAt1: 1,
    recallAt5: 1,
    meanReciprocalRank: 1,
  });
  // To 140 degrees 100 is nearer than 200.
  assertEquals([backward.queries, backward.recallAt5], [3, 1]);
  assertAlmostEquals(backward.recallAt1, 2 / 3, 1e-12);
  assertAlmostEquals(backward.meanReciprocalRank, (1 + 1 + 1 / 2) / 3, 1e-12);
});

Deno.test("retrieval() keeps what has no counterpart in the way, but does not ask for it", async () => {
  const first = { features: directions(0, 50), identities: [1, 7] };
  const second = { features: directions(10, 20, 30, 40, 45, 60), identities: [2, 3, 4, 5, 6, 1] };
  const { forward, backward } = await retrieval(first, second);
  assertEquals(scoresOf(forward), {
    queries: 1,
    recallAt1: 0,
    recallAt5: 0,
    meanReciprocalRank: 1 / 6,
  });
  assertEquals(scoresOf(backward), {
    queries: 1,
    recallAt1: 0,
    recallAt5: 1,
    meanReciprocalRank: 1 / 2,
  });
});

Deno.test("retrieval() takes the best of several counterparts", async () => {
  const first = { features: directions(0), identities: ["a"] };
  const second = { features: directions(90, 30, 10), identities: ["a", "b", "a"] };
  const { forward } = await retrieval(first, second);
  assertEquals(forward.recallAt1, 1);
});

Deno.test("retrieval() takes any number of counterparts", async () => {
  const first = { features: directions(0), identities: ["a"] };
  const second = { features: zeros("float32", [200_000, 2]), identities: Array(200_000).fill("a") };
  assertEquals((await retrieval(first, second)).backward.queries, 200_000);
});

Deno.test("retrieval() says what a random order finds", async () => {
  const first = { features: directions(0, 50), identities: ["a", "x"] };
  const second = { features: directions(10, 20, 30, 40), identities: ["a", "a", "b", "c"] };
  const { forward, backward } = await retrieval(first, second);
  assertEquals(forward.chance, { recallAt1: 0.5, recallAt5: 1 });
  assertEquals(backward.chance, { recallAt1: 0.5, recallAt5: 1 });
});

Deno.test("retrieval() finds nothing among features that are all the same", async () => {
  const features = zeros("float32", [8, 3]);
  features.data.fill(2);
  const identities = Array.from({ length: 8 }, (_, i) => i);
  const { forward } = await retrieval({ features, identities }, { features, identities });
  assertEquals(scoresOf(forward), {
    queries: 8,
    recallAt1: 0,
    recallAt5: 0,
    meanReciprocalRank: 1 / 8,
  });
});

Deno.test("retrieval() refuses sets without a common identity, and rows without one", async () => {
  const [a, b] = ["a", "b"].map((identity) => ({
    features: directions(0),
    identities: [identity],
  }));
  await assertRejects(() => retrieval(a!, b!), RangeError, "must share identities");
  const none = { features: directions(0), identities: [] };
  await assertRejects(() => retrieval(none, b!), RangeError, "found 0 for 1");
});
