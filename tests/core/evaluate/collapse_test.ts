import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { float32, type Tensor, zeros } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { effectiveRank, featureSpread } from "../../../core/evaluate/collapse.ts";
import { embeddingSpread } from "../../../core/train/step/embedding_spread.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";

async function readGolden() {
  const path = new URL("../../../fixtures/golden/evaluate_collapse.safetensors", import.meta.url);
  const { tensors } = await readSafetensors(path.pathname);
  return {
    features: tensors.get("features") as Tensor<"float32">,
    rank: Number(tensors.get("rank")!.data[0]),
    spread: Number(tensors.get("spread")!.data[0]),
  };
}

function normal(rows: number, width: number): Tensor<"float32"> {
  const random = new RandomStream(1, "normal");
  return float32([rows, width], Array.from({ length: rows * width }, () => random.normal()));
}

Deno.test("featureSpread() agrees with PyTorch and with the symbolic measure", async () => {
  const { features, spread } = await readGolden();
  assertAlmostEquals(featureSpread(features), spread, 1e-7);
  const y = embeddingSpread(input("features", "float32", features.shape));
  const symbolic = await runGraph({ y }, { features });
  assertAlmostEquals(Number(symbolic["y"]!.data[0]), spread, 1e-6);
});

Deno.test("featureSpread() is 1/sqrt(D) where features are spread evenly, and 0 after collapse", () => {
  assertAlmostEquals(featureSpread(normal(500, 64)), 1 / 8, 2e-3);
  assertEquals(featureSpread(float32([3, 2], [1, 0, 2, 0, 5, 0])), 0);
});

Deno.test("effectiveRank() agrees with PyTorch", async () => {
  const { features, rank } = await readGolden();
  assertAlmostEquals(effectiveRank(features), rank, 1e-4);
});

Deno.test("effectiveRank() is D for an orthogonal basis and 1 for a line, wide or tall", () => {
  assertAlmostEquals(effectiveRank(float32([2, 2], [0, 3, 3, 0])), 2, 1e-5);
  assertAlmostEquals(effectiveRank(float32([2, 3], [1, 2, 3, 2, 4, 6])), 1, 1e-4);
  const line = effectiveRank(float32([3, 2], [1, 2, 2, 4, -3, -6]));
  assertAlmostEquals(line, 1, 1e-4);
  assert(effectiveRank(normal(60, 20)) > 15);
});

Deno.test("effectiveRank() refuses features that are all zero", () => {
  assertThrows(() => effectiveRank(zeros("float32", [2, 2])), RangeError, "must not be zero");
});
