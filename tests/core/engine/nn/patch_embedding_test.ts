import { assertEquals, assertThrows } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { patchEmbedding } from "../../../../core/engine/nn/patch_embedding.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { runGraph } from "../../../run_graph.ts";

Deno.test("patchEmbedding() makes a token of each patch, row by row", async () => {
  const images = input("images", "float32", [1, 1, 2, 3]);
  const y = patchEmbedding(new Scope(), "patch_embed", images, { patch: 1, width: 2 });
  const results = await runGraph({ y }, {
    images: float32([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]),
    "patch_embed.proj.weight": float32([2, 1, 1, 1], [1, -1]),
    "patch_embed.proj.bias": float32([2], [0, 10]),
  });
  assertEquals(results.y, float32([1, 6, 2], [1, 9, 2, 8, 3, 7, 4, 6, 5, 5, 6, 4]));
});

Deno.test("patchEmbedding() says that patches must tile the images", () => {
  const images = input("images", "float32", [1, 3, 32, 30]);
  assertThrows(
    () => patchEmbedding(new Scope(), "patch_embed", images, { patch: 4, width: 2 }),
    RangeError,
    "Cannot embed patches of 4 pixels",
  );
});
