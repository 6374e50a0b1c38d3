import { assertEquals } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { transformerBlock } from "../../../../core/engine/nn/transformer_block.ts";
import { runGraph } from "../../../run_graph.ts";

const x = input("x", "float32", [2, 5, 8]);

Deno.test("transformerBlock() names its layers as timm does", () => {
  const scope = new Scope();
  transformerBlock(scope, "blocks.0", x, { heads: 2, layerScale: 1e-5 });
  assertEquals([...scope.declarations.keys()].sort(), [
    "blocks.0.attn.proj.bias",
    "blocks.0.attn.proj.weight",
    "blocks.0.attn.qkv.bias",
    "blocks.0.attn.qkv.weight",
    "blocks.0.ls1.gamma",
    "blocks.0.ls2.gamma",
    "blocks.0.mlp.fc1.bias",
    "blocks.0.mlp.fc1.weight",
    "blocks.0.mlp.fc2.bias",
    "blocks.0.mlp.fc2.weight",
    "blocks.0.norm1.bias",
    "blocks.0.norm1.weight",
    "blocks.0.norm2.bias",
    "blocks.0.norm2.weight",
  ]);
  assertEquals(scope.initialize(0).get("blocks.0.ls2.gamma")!.data[7], Math.fround(1e-5));
});

Deno.test("transformerBlock() is the identity where branches are scaled by zero", async () => {
  const scope = new Scope();
  const y = transformerBlock(scope, "0", x, { heads: 2, hidden: 12, layerScale: 0 });
  assertEquals(scope.declarations.get("0.mlp.fc1.weight")!.value.shape, [12, 8]);
  const values = float32([2, 5, 8], Array.from({ length: 80 }, (_, i) => Math.sin(i)));
  const results = await runGraph({ y }, { x: values, ...Object.fromEntries(scope.initialize(0)) });
  assertEquals(results.y, values);
});
