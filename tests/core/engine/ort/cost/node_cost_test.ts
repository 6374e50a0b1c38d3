import { assertEquals } from "@std/assert";
import { float32 } from "../../../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../../../core/engine/graph/value.ts";
import { encodeModel, traceModel } from "../../../../../core/engine/onnx/mod.ts";
import { add } from "../../../../../core/engine/ops/add.ts";
import { conv } from "../../../../../core/engine/ops/conv.ts";
import { convTranspose } from "../../../../../core/engine/ops/conv_transpose.ts";
import { gather } from "../../../../../core/engine/ops/gather.ts";
import { matMul } from "../../../../../core/engine/ops/mat_mul.ts";
import { mul } from "../../../../../core/engine/ops/mul.ts";
import { multiHeadAttention } from "../../../../../core/engine/ops/multi_head_attention.ts";
import { reduceSum } from "../../../../../core/engine/ops/reduce_sum.ts";
import { reshape } from "../../../../../core/engine/ops/reshape.ts";
import { slice } from "../../../../../core/engine/ops/slice.ts";
import {
  ACCELERATORS,
  kernelSeconds,
  LAUNCH_SECONDS,
  modelCosts,
} from "../../../../../core/engine/ort/mod.ts";

function costsOf(y: Value) {
  return modelCosts(traceModel(encodeModel({ outputs: { y }, typed: true })))
    .map(({ layer: _, ...cost }) => cost);
}

const x = (...shape: number[]) => input("x", "float32", shape);
const w = (...shape: number[]) => input("w", "float32", shape);

Deno.test("Convolutions multiply each output by the weights that lead to it", () => {
  const strided = conv(x(2, 6, 8, 8), w(4, 3, 3, 3), {
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    group: 2,
  });
  assertEquals(costsOf(strided), [{
    operator: "Conv",
    multiplyAdds: 2 * 4 * 4 * 4 * 3 * 3 * 3,
    bytes: 4 * (2 * 6 * 64 + 4 * 27 + 2 * 4 * 16),
    launches: 1,
  }]);
  const [transposed] = costsOf(convTranspose(x(2, 4, 4, 4), w(4, 3, 3, 3), {}));
  assertEquals(transposed!.multiplyAdds, 2 * 4 * 16 * 3 * 9);
});

Deno.test("Matrix products sum over the axis that both have, transposed or not", () => {
  const products = [
    matMul(x(4, 8), w(8, 2)),
    matMul(x(8, 4), w(8, 2), { transposeA: true }),
    matMul(x(4, 8), w(2, 8), { transposeB: true }),
  ];
  for (const y of products) assertEquals(costsOf(y)[0]!.multiplyAdds, 4 * 8 * 2);
  assertEquals(costsOf(matMul(x(5, 4, 8), w(5, 8, 2)))[0]!.multiplyAdds, 5 * 4 * 8 * 2);
});

Deno.test("Tensors that a node reads twice are read once, and other shapes of a tensor are free", () => {
  const value = x(2, 3);
  assertEquals(costsOf(reshape(mul(value, value), [6])), [
    { operator: "Mul", multiplyAdds: 0, bytes: 2 * 24, launches: 1 },
  ]);
  const [cut] = costsOf(slice(x(100, 4), { starts: [1], ends: [3], axes: [0] }));
  assertEquals(cut!.bytes, 2 * 2 * 4 * 4);
});

Deno.test("What is made of constants alone is made when the model is loaded", () => {
  const fixed = mul(add(constant(float32([2], [1, 2])), 1), 3);
  assertEquals(costsOf(add(x(2), fixed)).map(({ operator }) => operator), ["Add"]);
});

Deno.test("A kernel takes as long as what it waits for most", () => {
  const gpu = ACCELERATORS.a100;
  const seconds = (cost: object) =>
    kernelSeconds({ multiplyAdds: 0, bytes: 0, launches: 1, ...cost }, gpu, "float16");
  assertEquals(seconds({}), LAUNCH_SECONDS);
  assertEquals(seconds({ multiplyAdds: 156e12 }), 1);
  assertEquals(seconds({ bytes: 2.039e12 }), 1);
  assertEquals(costsOf(reduceSum(x(4, 4))).map(({ launches }) => launches), [2]);
});

Deno.test("What a Gather reads is as much as it writes, and where; attention multiplies twice", () => {
  const table = input("table", "float16", [1000]);
  const places = input("places", "int32", [8, 4]);
  const [found] = costsOf(gather(table, places));
  assertEquals(found!.bytes, 2 * 32 + 2 * 32 + 4 * 32);
  const parts = ["q", "k", "v"].map((name) => input(name, "float32", [2, 5, 12]));
  const [attended] = costsOf(multiHeadAttention(parts[0]!, parts[1]!, parts[2]!, { heads: 3 }));
  assertEquals(attended!.multiplyAdds, 2 * (2 * 5 * 5 * 12));
});
