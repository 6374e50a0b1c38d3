import { assertEquals } from "@std/assert";
import { float32, formatType } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { convNextBlock } from "../../../../core/engine/nn/convnext_block.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { runGraph } from "../../../run_graph.ts";

const x = input("x", "float32", [1, 4, 6, 5]);

Deno.test("convNextBlock() names its layers as timm does", () => {
  const scope = new Scope();
  convNextBlock(scope, "blocks.0", x);
  const types = [...scope.declarations.values()].map(({ name, value }) =>
    `${name} ${formatType(value.type)}`
  );
  assertEquals(types.sort(), [
    "blocks.0.conv_dw.bias float32[4]",
    "blocks.0.conv_dw.weight float32[4,1,7,7]",
    "blocks.0.gamma float32[4]",
    "blocks.0.mlp.fc1.bias float32[16]",
    "blocks.0.mlp.fc1.weight float32[16,4]",
    "blocks.0.mlp.fc2.bias float32[4]",
    "blocks.0.mlp.fc2.weight float32[4,16]",
    "blocks.0.norm.bias float32[4]",
    "blocks.0.norm.weight float32[4]",
  ]);
  assertEquals(scope.initialize(0).get("blocks.0.gamma")!.data[0], Math.fround(1e-6));
});

Deno.test("convNextBlock() is the identity where its branch is scaled by zero", async () => {
  const scope = new Scope();
  const y = convNextBlock(scope, "0", x, { kernel: 3, layerScale: 0 });
  assertEquals(scope.declarations.get("0.conv_dw.weight")!.value.shape, [4, 1, 3, 3]);
  const values = float32([1, 4, 6, 5], Array.from({ length: 120 }, (_, i) => Math.cos(i)));
  const results = await runGraph({ y }, { x: values, ...Object.fromEntries(scope.initialize(0)) });
  assertEquals(results.y, values);
});
