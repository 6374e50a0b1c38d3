import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/mod.ts";
import { float32, input, nodesLeadingTo, withTarget } from "../../../../core/engine/graph/mod.ts";
import { add, matMul, mul, reduceSum, relu, softmax } from "../../../../core/engine/ops/mod.ts";
import { mixPrecision } from "../../../../core/engine/precision/mod.ts";
import { roundWithoutKernels } from "../../../../core/engine/step/round_without_kernels.ts";
import { runGraph } from "../../../run_graph.ts";

const x = input("x", "float32", [4, 8]);
const weight = input("weight", "float32", [8, 8]);
const bias = input("bias", "float32", [8]);

function data(shape: readonly number[], seed: number) {
  const count = shape.reduce((product, length) => product * length, 1);
  return float32(shape, Array.from({ length: count }, (_, i) => Math.sin(seed * 100 + i * 1.7)));
}

const FEEDS = { x: data([4, 8], 1), weight: data([8, 8], 2), bias: data([8], 3) };

for (const [half, digits] of [["float16", 11], ["bfloat16", 8]] as const) {
  Deno.test(`roundWithoutKernels() rounds to ${half} what operators make, and gradients of weights are float32`, async () => {
    const found = async (precision: "float32" | "float16" | "bfloat16") => {
      const loss = withTarget({ provider: "cpu" }, () => {
        const weights = softmax(relu(add(matMul(x, weight), bias)));
        return reduceSum(mul(weights, matMul(weights, weight)));
      });
      const mixed = precision === "float32" ? loss : mixPrecision({ loss }, precision)["loss"]!;
      const [byWeight, byBias] = gradients(mixed, [weight, bias]);
      assertEquals([byWeight!.dtype, byBias!.dtype], ["float32", "float32"]);
      return await runGraph(roundWithoutKernels({ byWeight: byWeight!, byBias: byBias! }), FEEDS);
    };
    const [wide, narrow] = [await found("float32"), await found(half)];
    for (const name of ["byWeight", "byBias"] as const) {
      const [a, b] = [wide[name]!.data as Float32Array, narrow[name]!.data as Float32Array];
      const error = Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.hypot(...a);
      const rounding = 2 ** -digits;
      assert(error > rounding / 16 && error < 8 * rounding, `${name} differs by ${error}`);
    }
  });
}

Deno.test("roundWithoutKernels() overflows where float16 does, though a sum of it would not", async () => {
  const y = withTarget({ provider: "cpu" }, () => mul(matMul(x, weight), 1 / 1024));
  const large = {
    x: float32([4, 8], new Array(32).fill(200)),
    weight: float32([8, 8], new Array(64).fill(200)),
  };
  const [wide] = [await runGraph({ y }, large)];
  assertEquals(wide["y"]!.data[0], 8 * 200 * 200 / 1024);
  const narrow = await runGraph(roundWithoutKernels(mixPrecision({ y }, "float16")), large);
  assertEquals(narrow["y"]!.data[0], Infinity);
});

Deno.test("roundWithoutKernels() rounds what is written for CUDA and computed on the CPU", () => {
  const y = withTarget({ provider: "cuda", computedBy: "cpu" }, () => matMul(x, weight));
  const dtypes = nodesLeadingTo(
    Object.values(roundWithoutKernels(mixPrecision({ y }, "float16"))),
    true,
  )
    .filter(({ op }) => op.type === "MatMul").map(({ inputs }) => inputs["a"]!.dtype);
  assertEquals(dtypes, ["float32"]);
});

Deno.test("roundWithoutKernels() leaves alone what is for other devices, and what is float32", () => {
  const y = withTarget({ provider: "cuda" }, () => matMul(x, weight));
  const mixed = mixPrecision({ y }, "float16");
  const dtypes = nodesLeadingTo(Object.values(roundWithoutKernels(mixed)), true)
    .filter(({ op }) => op.type === "MatMul").map(({ inputs }) => inputs["a"]!.dtype);
  assertEquals(dtypes, ["float16"]);
  const wide = withTarget({ provider: "cpu" }, () => matMul(x, weight));
  assertStrictEquals(roundWithoutKernels({ wide })["wide"], wide);
});
