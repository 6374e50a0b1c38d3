import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { float32, formatType } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { attention } from "../../../../core/engine/nn/attention.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { runGraph } from "../../../run_graph.ts";

const x = input("x", "float32", [1, 2, 2]);

Deno.test("attention() mixes the values of tokens by the softmax of scaled products", async () => {
  const y = attention(new Scope(), "attn", x, { heads: 2 });
  const results = await runGraph({ y }, {
    x: float32([1, 2, 2], [1, 0, 0, 1]),
    // Queries and keys are x itself, values 10 x, for two heads of width 1.
    "attn.qkv.weight": float32([6, 2], [1, 0, 0, 1, 1, 0, 0, 1, 10, 0, 0, 10]),
    "attn.qkv.bias": float32([6], [0, 0, 0, 0, 0, 0]),
    "attn.proj.weight": float32([2, 2], [0, 1, 1, 0]),
    "attn.proj.bias": float32([2], [0, 100]),
  });
  // A query of 1 weighs the key of 1 by e / (e + 1), a query of 0 weighs both keys evenly; proj swaps the heads.
  const strong = 10 * Math.E / (Math.E + 1);
  [5, 100 + strong, strong, 105].forEach((value, i) =>
    assertAlmostEquals(Number(results.y!.data[i]!), value, 1e-4)
  );
});

Deno.test("attention() names its maps as timm does", () => {
  const scope = new Scope();
  attention(scope, "attn", x, { heads: 1 });
  const types = [...scope.declarations.values()].map(({ name, value }) =>
    `${name} ${formatType(value.type)}`
  );
  assertEquals(types.sort(), [
    "attn.proj.bias float32[2]",
    "attn.proj.weight float32[2,2]",
    "attn.qkv.bias float32[6]",
    "attn.qkv.weight float32[6,2]",
  ]);
});

Deno.test("attention() says that heads must divide the width", () => {
  assertThrows(
    () => new Scope().enter("blocks.0", (block) => attention(block, "attn", x, { heads: 3 })),
    RangeError,
    'Cannot attend with 3 heads in layer "blocks.0.attn": they must divide the width, ' +
      "found float32[1,2,2]",
  );
});
