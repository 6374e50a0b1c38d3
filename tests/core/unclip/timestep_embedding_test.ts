import { assert, assertEquals, assertThrows } from "@std/assert";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { embedTimestep, timestepEmbedding } from "../../../core/unclip/timestep_embedding.ts";
import { runGraph } from "../../run_graph.ts";
import { relativeError } from "./relative_error.ts";

Deno.test("timestepEmbedding() has the cosines first", () => {
  const zero = timestepEmbedding(0, 1024);
  assert(zero.subarray(0, 512).every((x) => x === 1) && zero.subarray(512).every((x) => x === 0));
  // Of an independent computation, to four digits.
  const hundred = timestepEmbedding(100, 1024);
  const known = { 0: 0.8623, 1: -0.6765, 2: -0.6033, 511: 0.9999, 512: -0.5064, 1023: 0.0102 };
  for (const [index, value] of Object.entries(known)) {
    assert(Math.abs(hundred[Number(index)]! - value) < 1e-4);
  }
});

Deno.test("embedTimestep() is the same in a graph", async () => {
  const embedded = embedTimestep(input("timestep", "float32", [1]), 320);
  for (const timestep of [1, 951]) {
    const { y } = await runGraph({ y: embedded }, { timestep: float32([1], [timestep]) });
    assertEquals(y!.shape, [1, 320]);
    const expected = float32([1, 320], timestepEmbedding(timestep, 320));
    assert(relativeError(y!, expected) < 1e-6);
  }
});

Deno.test("timestepEmbedding() refuses an odd width", () => {
  assertThrows(
    () => timestepEmbedding(1, 3),
    RangeError,
    "Cannot embed timesteps: the width must be even, found 3",
  );
});
