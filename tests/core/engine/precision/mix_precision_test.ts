import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  constant,
  filled,
  input,
  type Node,
  nodesLeadingTo,
  producer,
  scalar,
  type Value,
  withinLayer,
  withTarget,
} from "../../../../core/engine/graph/mod.ts";
import {
  add,
  batchNormalization,
  cast,
  concat,
  conv,
  div,
  exp,
  layerNormalization,
  matMul,
  maximum,
  mul,
  reduceSum,
  relu,
  reshape,
  softmax,
} from "../../../../core/engine/ops/mod.ts";
import { mixPrecision } from "../../../../core/engine/precision/mod.ts";

const x = input("x", "float32", [4, 8]);
const weight = input("weight", "float32", [8, 8]);
const bias = input("bias", "float32", [8]);

function mixed(y: Value, half: "float16" | "bfloat16" = "float16"): Value {
  return mixPrecision({ y }, half)["y"]!;
}

/** The nodes of a graph by the names of their operators. */
function nodesOf(y: Value, type: string): Node[] {
  return nodesLeadingTo([y], false).filter(({ op }) => op.type === type);
}

/** The element type in which a graph's nodes of a type compute. */
function dtypesOf(y: Value, type: string): string[] {
  return nodesOf(y, type).map(({ outputs }) => Object.values(outputs)[0]!.dtype);
}

Deno.test("mixPrecision() computes products in the type of half the width, and gives the type that was there", () => {
  for (const half of ["float16", "bfloat16"] as const) {
    const y = mixed(matMul(x, weight), half);
    assertEquals(y.type, { dtype: "float32", shape: [4, 8] });
    assertEquals(dtypesOf(y, "MatMul"), [half]);
  }
});

Deno.test("mixPrecision() keeps exponentials, softmaxes and sums in float32", () => {
  const product = matMul(x, weight);
  for (
    const [type, y] of [["Exp", exp(product)], ["Softmax", softmax(product)], [
      "ReduceSum",
      reduceSum(product, { axis: 1 }),
    ]] as const
  ) assertEquals(dtypesOf(mixed(y), type), ["float32"], type);
});

Deno.test("mixPrecision() normalises in float32 and hands on what it was given", () => {
  const images = input("images", "float32", [2, 3, 4, 4]);
  const kernel = input("kernel", "float32", [8, 3, 3, 3]);
  const { y, mean } = batchNormalization(conv(images, kernel), { scale: bias, bias });
  const result = mixPrecision(
    { y: conv(relu(y), input("k", "float32", [8, 8, 1, 1])), mean },
    "float16",
  );
  const [normalization] = nodesOf(result["y"]!, "BatchNormalization");
  // It takes what the convolution makes, and computes in float32 by itself.
  assertEquals(normalization!.inputs["x"]!.dtype, "float16");
  assertStrictEquals(normalization!.inputs["scale"], bias);
  assertEquals(dtypesOf(result["y"]!, "Relu"), ["float16"]);
  // The running statistics read what was never rounded.
  assertEquals(producer(result["mean"]!)?.op.type, "BatchNormalization");
  const normed = layerNormalization(x, { scale: bias, bias });
  assertStrictEquals(mixed(normed), normed);
});

Deno.test("mixPrecision() computes element by element in the widest type, which biases and numbers follow", () => {
  const product = matMul(x, weight);
  assertEquals(dtypesOf(mixed(add(product, bias)), "Add"), ["float16"]);
  assertEquals(dtypesOf(mixed(mul(product, 0.5)), "Mul"), ["float16"]);
  assertEquals(dtypesOf(mixed(mul(product, input("scale", "float32", []))), "Mul"), ["float16"]);
  assertEquals(dtypesOf(mixed(add(product, x)), "Add"), ["float32"]);
  assertEquals(dtypesOf(mixed(concat([product, x], { axis: 0 })), "Concat"), ["float32"]);
  assertEquals(dtypesOf(mixed(mul(product, reduceSum(x))), "Mul"), ["float32"]);
  assertEquals(
    dtypesOf(mixed(add(product, constant(filled("float32", [8], 1)))), "Add"),
    ["float32"],
  );
});

Deno.test("mixPrecision() keeps wide what meets a number beyond the range of the type, or below it", () => {
  const product = matMul(x, weight);
  assertEquals(dtypesOf(mixed(maximum(product, 1e-12)), "Max"), ["float32"]);
  assertEquals(dtypesOf(mixed(mul(product, 1e5)), "Mul"), ["float32"]);
  assertEquals(dtypesOf(mixed(mul(product, 1e5), "bfloat16"), "Mul"), ["bfloat16"]);
  assertEquals(dtypesOf(mixed(div(product, 1e-6)), "Div"), ["float32"]);
  assertEquals(dtypesOf(mixed(add(product, scalar(-Infinity))), "Add"), ["float16"]);
});

Deno.test("mixPrecision() rounds a weight once, whatever reads it", () => {
  const y = matMul(matMul(x, weight), weight);
  const casts = nodesOf(mixed(y), "Cast").filter(({ inputs }) => inputs["x"] === weight);
  assertEquals(casts.length, 1);
});

Deno.test("mixPrecision() leaves alone what has nothing to round", () => {
  const indices = cast(reshape(x, [32]), "int64");
  const sums = reduceSum(exp(x));
  const result = mixPrecision({ indices, sums, x }, "float16");
  assertStrictEquals(result["indices"], indices);
  assertStrictEquals(result["sums"], sums);
  assertStrictEquals(result["x"], x);
});

Deno.test("mixPrecision() keeps the layers and the targets that nodes belong to", () => {
  const target = { provider: "cuda" } as const;
  const y = withTarget(target, () => withinLayer("head.fc", () => matMul(x, weight)));
  const [node] = nodesOf(mixed(y), "MatMul");
  assertEquals([node!.path, node!.target], ["head.fc", target]);
});
