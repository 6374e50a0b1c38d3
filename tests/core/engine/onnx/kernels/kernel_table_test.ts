import { assert, assertEquals } from "@std/assert";
import { ORT_VERSION } from "../../../../../core/deps/onnxruntime.ts";
import {
  KERNELS,
  kernelsFor,
  SCHEMA_VERSION,
  schemaOf,
} from "../../../../../core/engine/onnx/kernels/kernel_table.ts";
import { missingKernel } from "../../../../../core/engine/onnx/kernels/check_kernel.ts";
import { ONNX_OPSET } from "../../../../../core/engine/onnx/opset.ts";

Deno.test("the tables of kernels are those of the ONNX Runtime in use", () => {
  for (const { onnxruntime, source } of Object.values(KERNELS)) {
    assertEquals(onnxruntime, ORT_VERSION, source);
  }
  assertEquals(SCHEMA_VERSION, ORT_VERSION);
  assertEquals(KERNELS.webgpu.opset, Number(ONNX_OPSET));
});

Deno.test("a kernel without an end is for its own version of the operator alone", () => {
  // MaxPool came anew with opsets 12 and 22; CUDA's kernel is of 12.
  assertEquals([21, 22].map((opset) => schemaOf("MaxPool", opset)!.since), [12, 22]);
  assertEquals(kernelsFor("cuda", "MaxPool", 12).length, 1);
  assertEquals(kernelsFor("cuda", "MaxPool", 22), []);
  // That of CUDA's Conv for opsets 11 to 21 ends there, and the next one follows.
  assertEquals(kernelsFor("cuda", "Conv", 11).map(({ since, until }) => [since, until]), [[
    11,
    21,
  ]]);
  assert(kernelsFor("cuda", "Conv", 22)[0]!.types.T!.includes("bfloat16"));
});

Deno.test("opset 21 is the newest in which CUDA has a kernel for MaxPool", () => {
  const pool = {
    name: "MaxPool",
    inputs: ["float32"],
    outputs: ["float32"],
    attributes: {},
  } as const;
  const opset = Number(ONNX_OPSET);
  assertEquals(missingKernel("cuda", pool, opset), undefined);
  assertEquals(
    missingKernel("cuda", pool, opset + 1),
    `a kernel there for opset ${opset + 1}, found other versions`,
  );
});

Deno.test("missingKernel() looks at the types of all variables", () => {
  const gather = (data: "float32" | "float64", indices: "int64" | "float32") => ({
    name: "Gather",
    inputs: [data, indices],
    outputs: [data],
    attributes: {},
  });
  assertEquals(missingKernel("cuda", gather("float32", "int64"), 21), undefined);
  assertEquals(
    missingKernel("cuda", gather("float32", "float32"), 21),
    "a kernel there for float32, found other types",
  );
  assertEquals(missingKernel("webgpu", gather("float64", "int64"), 21) === undefined, false);
  assertEquals(
    missingKernel("webgpu", { ...gather("float32", "int64"), name: "Nothing" }, 21),
    "a kernel there, found none",
  );
});

Deno.test("missingKernel() knows that the CPU computes short floats as float32", () => {
  const conv = (provider: "cpu" | "cuda", dtype: "float16" | "bfloat16" | "int32") =>
    missingKernel(
      provider,
      { name: "Conv", inputs: [dtype, dtype], outputs: [dtype], attributes: {} },
      21,
    );
  assertEquals(conv("cpu", "float16"), undefined);
  assertEquals(conv("cuda", "float16"), undefined);
  assertEquals(conv("cuda", "bfloat16"), "a kernel there for bfloat16, found other types");
  assertEquals(conv("cpu", "int32"), "a kernel there for int32, found other types");
});
