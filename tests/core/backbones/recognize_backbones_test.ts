import { assertEquals } from "@std/assert";
import type { BackboneOptions } from "../../../core/backbones/backbone.ts";
import { recognizeBackbones } from "../../../core/backbones/recognize_backbones.ts";
import { backbone, backboneNames, FAMILIES } from "../../../core/backbones/registry.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";

/** Types of the tensors of a backbone for images of a size. */
function typesOf(name: string, size: number, options: BackboneOptions = {}) {
  const scope = new Scope();
  backbone(name, options).apply(scope, input("images", "float32", [1, 3, size, size]));
  return new Map([...scope.declarations].map(([key, { value }]) => [key, value.type]));
}

Deno.test("recognizeBackbones() finds every backbone by its tensors", () => {
  for (const name of backboneNames) {
    const found = recognizeBackbones(typesOf(name, 64)).map(({ spec }) => spec.name);
    assertEquals(found.includes(name), true, `${name}: found ${found.join(", ")}`);
  }
});

Deno.test("recognizeBackbones() sees stems and sizes, and what is missing", () => {
  const small = typesOf("resnet18", 32, { stem: "small" });
  assertEquals(recognizeBackbones(small).map(({ spec }) => spec.name), ["resnet18"]);
  const vit = typesOf("vit_tiny_patch16_224", 48);
  const [found, ...others] = recognizeBackbones(vit);
  assertEquals([found!.spec.name, found!.size, others.length], ["vit_tiny_patch16_224", 48, 0]);
  vit.delete("blocks.3.mlp.fc1.bias");
  assertEquals(recognizeBackbones(vit), []);
});

Deno.test("recognizeBackbones() gives both where heads alone tell two apart", () => {
  const names = recognizeBackbones(typesOf("vit_small_patch16_224", 32)).map(({ spec }) =>
    spec.name
  );
  assertEquals(names, ["vit_small_patch16_224", "mocov3_vit_small"]);
});

Deno.test("the mark of a family is in the state dicts of its members, and of no other's", () => {
  for (const { mark, members } of FAMILIES) {
    for (const name of backboneNames) {
      assertEquals(typesOf(name, 64).has(mark), Object.hasOwn(members, name), `${mark} in ${name}`);
    }
  }
});
