import { assertEquals, assertThrows } from "@std/assert";
import type { DType } from "../../../../../core/engine/graph/dtype.ts";
import { withinLayer } from "../../../../../core/engine/graph/layer_path.ts";
import { producer } from "../../../../../core/engine/graph/node.ts";
import { type Provider, withTarget } from "../../../../../core/engine/graph/target.ts";
import { input, type Value } from "../../../../../core/engine/graph/value.ts";
import { hasKernel } from "../../../../../core/engine/onnx/kernels/check_kernel.ts";
import { encodeModel } from "../../../../../core/engine/onnx/encode_model.ts";
import { cast } from "../../../../../core/engine/ops/cast.ts";
import { convTranspose } from "../../../../../core/engine/ops/conv_transpose.ts";
import { exp } from "../../../../../core/engine/ops/exp.ts";
import { pad } from "../../../../../core/engine/ops/pad.ts";

function encodedFor(provider: Provider | undefined, build: () => Value): number {
  const target = provider === undefined ? {} : { provider };
  const y = withTarget(target, () => withinLayer("layer2.0.conv1", build));
  return encodeModel({ outputs: { y } }).length;
}

const x = input("x", "float32", [1, 2, 4, 4]);
const w = input("w", "float32", [2, 2, 3, 3]);

Deno.test("encodeModel() refuses a node that the target's provider refuses, with the layer's path", () => {
  const build = () => convTranspose(x, w, { strides: 2, pads: [1, 1, 0, 0] });
  assertThrows(
    () => encodedFor("cuda", build),
    TypeError,
    'Cannot build the graph for cuda: ConvTranspose in layer "layer2.0.conv1" must have the same pads at both ends, ' +
      "found 1,1,0,0",
  );
  encodedFor("cpu", build);
  encodedFor(undefined, build);
});

Deno.test("encodeModel() refuses types that the target's provider has no kernel for", () => {
  const build = () => exp(cast(x, "float64"));
  encodedFor("cuda", build);
  assertThrows(
    () => encodedFor("webgpu", build),
    TypeError,
    "Cast in layer",
  );
});

Deno.test("encodeModel() refuses an output that is a copy where the provider copies no such type", () => {
  const counter = input("counter", "int64", []);
  const encode = (provider: Provider) => {
    const y = withTarget({ provider }, () => exp(x));
    return encodeModel({ outputs: { y, kept: counter } }).length > 0;
  };
  assertEquals(encode("cuda"), true);
  assertThrows(() => encode("webgpu"), TypeError, "Identity must have a kernel there for int64");
});

Deno.test("hasKernel() tells what a provider runs in each type", () => {
  const nodeIn = (dtype: DType, provider?: Provider) => {
    const x = input("x", dtype, [2, 2]);
    const y = withTarget(provider === undefined ? {} : { provider }, () => pad(x, [0, 1, 0, 1]));
    return producer(y)!;
  };
  assertEquals(hasKernel(nodeIn("float16", "cuda")), true);
  assertEquals(hasKernel(nodeIn("bfloat16", "cuda")), false);
  assertEquals(hasKernel(nodeIn("bfloat16")), true);
});
