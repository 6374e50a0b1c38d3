import { assertAlmostEquals, assertEquals } from "@std/assert";
import { float32, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { embeddingSpread, uniformSpread } from "../../../../core/train/step/embedding_spread.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { runGraph } from "../../../run_graph.ts";

async function spreadOf(embeddings: Tensor<"float32">): Promise<number> {
  const spread = embeddingSpread(input("embeddings", "float32", embeddings.shape));
  assertEquals(spread.shape, []);
  const { y } = await runGraph({ y: spread }, { embeddings });
  return y!.data[0] as number;
}

function normalRows(rows: number, width: number): Tensor<"float32"> {
  const random = new RandomStream(0, "rows");
  return float32([rows, width], Array.from({ length: rows * width }, () => random.normal()));
}

Deno.test("embeddingSpread() is the mean deviation of the normalised coordinates", async () => {
  // Normalised (0.6, 0.8) and (1, 0): deviations 0.2 and 0.4.
  assertAlmostEquals(await spreadOf(float32([2, 2], [3, 4, 5, 0])), 0.3, 1e-6);
});

Deno.test("embeddingSpread() does not depend on the embeddings' lengths", async () => {
  const one = await spreadOf(float32([2, 2], [3, 4, 5, 0]));
  assertAlmostEquals(await spreadOf(float32([2, 2], [300, 400, 0.5, 0])), one, 1e-6);
});

Deno.test("embeddingSpread() of uniform embeddings is uniformSpread()", async () => {
  assertEquals(uniformSpread(2048), 1 / Math.sqrt(2048));
  const spread = await spreadOf(normalRows(512, 128));
  assertAlmostEquals(spread / uniformSpread(128), 1, 0.01);
});

Deno.test("embeddingSpread() of collapsed embeddings is 0", async () => {
  const spread = await spreadOf(float32([3, 4], [1, 2, 3, 4, 2, 4, 6, 8, 1, 2, 3, 4]));
  assertAlmostEquals(spread, 0, 1e-6);
});

Deno.test("embeddingSpread() agrees with PyTorch", async () => {
  const path = new URL(
    "../../../../fixtures/golden/evaluate_collapse.safetensors",
    import.meta.url,
  );
  const { tensors } = await readSafetensors(path.pathname);
  const spread = await spreadOf(tensors.get("features") as Tensor<"float32">);
  assertAlmostEquals(spread, Number(tensors.get("spread")!.data[0]), 1e-6);
});
