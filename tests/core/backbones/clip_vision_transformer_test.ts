import { assertEquals, assertThrows } from "@std/assert";
import { clipVisionTransformer } from "../../../core/backbones/clip_vision_transformer.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";

const CONFIG = { patch: 14, width: 80, layers: 1, heads: 2, embedding: 64 } as const;

Deno.test("clipVisionTransformer() names a part of a map by its rows", () => {
  const scope = new Scope();
  clipVisionTransformer(scope, input("images", "float32", [1, 3, 28, 28]), CONFIG);
  const names = [...scope.declarations.keys()].filter((name) => name.includes("in_proj_weight"));
  const path = "visual.transformer.resblocks.0.attn.in_proj_weight";
  assertEquals(names, [`${path}[0:80]`, `${path}[80:160]`, `${path}[160:240]`]);
});

Deno.test("clipVisionTransformer() shares its weights between two views", () => {
  const scope = new Scope({ training: true });
  clipVisionTransformer(scope, input("first", "float32", [1, 3, 28, 28]), CONFIG);
  const count = scope.declarations.size;
  clipVisionTransformer(scope, input("second", "float32", [2, 3, 28, 28]), CONFIG);
  assertEquals(scope.declarations.size, count);
});

Deno.test("clipVisionTransformer() says that patches must tile the images", () => {
  assertThrows(
    () => clipVisionTransformer(new Scope(), input("x", "float32", [1, 3, 30, 28]), CONFIG),
    RangeError,
    'Cannot embed patches of 14 pixels in layer "visual": they must tile the images, ' +
      "found float32[1,3,30,28]",
  );
});

Deno.test("clipVisionTransformer() takes hidden features other than four times the width", () => {
  const scope = new Scope();
  const images = input("images", "float32", [1, 3, 28, 28]);
  clipVisionTransformer(scope, images, { ...CONFIG, hidden: 96 });
  const { shape } = scope.declarations.get("visual.transformer.resblocks.0.mlp.c_fc.weight")!.value;
  assertEquals(shape, [96, 80]);
});
