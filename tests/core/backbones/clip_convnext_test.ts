import { assertEquals } from "@std/assert";
import { clipConvNext, clipConvNextTower } from "../../../core/backbones/clip_convnext.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";

const CONFIG = { depths: [1, 1, 1, 1], widths: [8, 16, 24, 32], embedding: 5 } as const;

Deno.test("clipConvNext() gives a token for every pixel of the last map", () => {
  const images = input("images", "float32", [2, 3, 96, 64]);
  const { tokens, pooled } = clipConvNext(new Scope(), images, CONFIG);
  assertEquals([tokens.shape, pooled.shape], [[2, 6, 32], [2, 5]]);
});

Deno.test("clipConvNextTower() tells its width, embedding and patch", () => {
  const { width, embedding, patch } = clipConvNextTower(CONFIG);
  assertEquals([width, embedding, patch], [32, 5, 32]);
});
