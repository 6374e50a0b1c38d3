import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { backbone } from "../../../../core/backbones/mod.ts";
import { type ConvProblem, problemKey } from "../../../../core/engine/ops/convolution/problem.ts";
import { observeConvolutions } from "../../../../core/engine/ops/convolution/tuning.ts";
import { sgd } from "../../../../core/engine/optim/mod.ts";
import { CPU, type Device, OrtError } from "../../../../core/engine/ort/mod.ts";
import { checkMethod } from "../../../../core/method/load.ts";
import { factsOf } from "../../../../core/train/step/method_facts.ts";
import { buildMethodGraph, type MethodGraph } from "../../../../core/train/step/method_graph.ts";
import { buildMethodStep } from "../../../../core/train/step/method_step.ts";
import simsiam from "../../../../plugins/simsiam/mod.ts";
import {
  checkDevicePrecision,
  checkPrecision,
  convolutionsIn,
  resolvePrecision,
} from "../../../../core/train/run/run_precision.ts";

const CUDA: Device = { provider: "cuda", index: 0 };
const WEBGPU: Device = { provider: "webgpu", index: 0 };

function convolution(kernel: number, stride: number): ConvProblem {
  return {
    dtype: "float32",
    x: [8, 3, 32, 32],
    w: [16, 3, kernel, kernel],
    y: [8, 16, 8, 8],
    attributes: { strides: [stride, stride], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
  };
}

Deno.test("resolvePrecision() takes float16 on CUDA where it may choose, and what is asked for elsewhere", () => {
  const found = [CPU, CUDA, WEBGPU].map((device) =>
    resolvePrecision({ precision: "auto" }, device)
  );
  assertEquals(found, ["float32", "float16", "float32"]);
  assertEquals(resolvePrecision({ precision: "float16" }, CPU), "float16");
  assertEquals(resolvePrecision({ precision: "bfloat16" }, CUDA), "bfloat16");
});

Deno.test("checkDevicePrecision() refuses a WebGPU without float16, and one that computes it wrongly by what is wrong", async () => {
  const without = () => Promise.reject(new OrtError("Program Cast requires f16", "FAIL"));
  await assertRejects(
    () => checkDevicePrecision("float16", WEBGPU, without),
    TypeError,
    'WebGPU\'s feature shader-f16, found "Program Cast requires f16"; choose --precision float32',
  );
  const wrong = () => Promise.resolve([{ name: "Conv in float16", fault: "off by 1 of 2" }]);
  await assertRejects(
    () => checkDevicePrecision("float16", WEBGPU, wrong),
    TypeError,
    "found wrong: Conv in float16 (off by 1 of 2); choose --precision float32",
  );
  const right = () => Promise.resolve([]);
  await checkDevicePrecision("float16", WEBGPU, right);
  // Tested for float16 alone, and on CUDA with all else.
  await checkDevicePrecision("float32", WEBGPU, wrong);
  await checkDevicePrecision("float16", { provider: "cuda", index: 0 }, wrong);
});

Deno.test("resolvePrecision() refuses bfloat16 where there is none, with the reason", () => {
  for (const [device, reason] of [[CPU, "no kernels of it"], [WEBGPU, "no such type"]] as const) {
    assertThrows(
      () => resolvePrecision({ precision: "bfloat16" }, device),
      TypeError,
      reason,
    );
  }
});

Deno.test("checkPrecision() takes bfloat16 for networks of products, and refuses it for convolutions", () => {
  const patches = convolution(4, 4);
  assertEquals(checkPrecision("bfloat16", CUDA, [patches]), []);
  assertThrows(
    () => checkPrecision("bfloat16", CUDA, [patches, convolution(3, 1)]),
    TypeError,
    "found one by a kernel [16,3,3,3]; choose float16",
  );
  assertEquals(checkPrecision("float16", CUDA, [convolution(3, 1)]), []);
});

function network(): MethodGraph {
  return buildMethodGraph(checkMethod(simsiam, "simsiam"), {
    backbone: backbone("resnet18"),
    viewSizes: [32, 32],
    batchSize: 2,
    options: { projectorWidth: 16, predictorWidth: 8 },
  });
}

Deno.test("convolutionsIn() gives the convolutions that a step in float16 computes", () => {
  const { convolutions } = factsOf(network);
  assertEquals(convolutionsIn("float32", convolutions), convolutions);
  assertEquals(convolutionsIn("bfloat16", convolutions), convolutions);
  const keys = new Set<string>();
  const graph = network();
  observeConvolutions(
    (problem) => keys.add(problemKey(problem)),
    () => buildMethodStep(graph, { optimizer: sgd(), precision: "float16" }),
  );
  const found = convolutionsIn("float16", convolutions).map(problemKey);
  assertEquals(found.filter((key) => !keys.has(key)), []);
});

Deno.test("checkPrecision() says what float16 costs on the CPU", () => {
  assertEquals(checkPrecision("float16", CPU, []).length, 1);
  assertEquals(checkPrecision("float32", CPU, []), []);
});
