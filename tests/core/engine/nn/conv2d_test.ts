import { assert, assertEquals } from "@std/assert";
import { float32, formatType } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { conv2d } from "../../../../core/engine/nn/conv2d.ts";
import { constantInitializer } from "../../../../core/engine/nn/initializers.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { runGraph } from "../../../run_graph.ts";

const images = input("images", "float32", [2, 6, 8, 10]);

Deno.test("conv2d() slides a kernel over padded images", async () => {
  const x = input("x", "float32", [1, 1, 3, 3]);
  const y = conv2d(new Scope(), "conv", x, {
    channels: 1,
    kernel: 3,
    stride: 2,
    padding: 1,
    bias: true,
  });
  const results = await runGraph({ y }, {
    x: float32([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    "conv.weight": float32([1, 1, 3, 3], [0, 0, 0, 0, 1, 10, 0, 0, 0]),
    "conv.bias": float32([1], [100]),
  });
  assertEquals(results.y, float32([1, 1, 2, 2], [121, 103, 187, 109]));
});

Deno.test("conv2d() declares no bias unless asked to", () => {
  const scope = new Scope();
  assertEquals(conv2d(scope, "conv", images, { channels: 4, kernel: 3 }).shape, [2, 4, 6, 8]);
  const types = [...scope.declarations.values()].map(({ name, value }) =>
    `${name} ${formatType(value.type)}`
  );
  assertEquals(types, ["conv.weight float32[4,6,3,3]"]);
});

Deno.test("conv2d() with as many groups as channels convolves each on its own", () => {
  const scope = new Scope();
  conv2d(scope, "conv_dw", images, { channels: 6, kernel: 7, padding: 3, groups: 6 });
  assertEquals(scope.declarations.get("conv_dw.weight")!.value.shape, [6, 1, 7, 7]);
});

Deno.test("conv2d() starts as PyTorch's: weight and bias within 1/sqrt(fan in)", () => {
  const scope = new Scope();
  conv2d(scope, "conv", images, { channels: 300, kernel: 4, groups: 3, bias: true });
  for (const [name, { data }] of scope.initialize(0)) {
    const most = (data as Float32Array).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const bound = 1 / Math.sqrt(2 * 16);
    assert(most <= bound && most > 0.97 * bound, `${name} reaches ${most}, not ${bound}`);
  }
});

Deno.test("conv2d() keeps weight and bias untrained if asked to", () => {
  const scope = new Scope();
  conv2d(scope, "conv", images, {
    channels: 1,
    kernel: 1,
    bias: true,
    trainable: false,
    biasInitializer: constantInitializer(0),
  });
  assertEquals([...scope.declarations.values()].map(({ kind }) => kind), ["fixed", "fixed"]);
});
