import { assertEquals } from "@std/assert";
import { DTYPES } from "../../../../core/engine/graph/dtype.ts";
import { bytesOf, filled, formatType } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import {
  encodeExternalTensor,
  encodeTensor,
  encodeValueInfo,
} from "../../../../core/engine/onnx/tensors.ts";
import { elementNumber } from "../../../../core/engine/onnx/element_types.ts";
import { identity } from "../../../../core/engine/ops/identity.ts";
import { runGraph } from "../../../run_graph.ts";

Deno.test("encodeTensor() writes type, shape and bytes", () => {
  const encoded = encodeTensor("weight", filled("float32", [2, 1], 3));
  assertEquals(encoded.name, "weight");
  assertEquals(encoded.dataType, elementNumber("float32"));
  assertEquals(encoded.dims, [2n, 1n]);
  assertEquals(encoded.rawData, bytesOf(filled("float32", [2], 3)));
});

Deno.test("encodeExternalTensor() writes where the bytes lie", () => {
  const type = { dtype: "int64", shape: [] } as const;
  const encoded = encodeExternalTensor("n", { ...type, location: "w.bin", offset: 8, length: 16 });
  assertEquals(
    encoded.externalData.map(({ key, value }) => [key, value]),
    [["location", "w.bin"], ["offset", "8"], ["length", "16"]],
  );
});

Deno.test("encodeValueInfo() writes element type and shape", () => {
  const encoded = encodeValueInfo("x", { dtype: "uint8", shape: [3, 4] });
  const { value } = encoded.type!;
  assertEquals(value.case, "tensorType");
  const tensor = value.value as { elemType: number; shape?: { dim: { value: unknown }[] } };
  assertEquals(tensor.elemType, elementNumber("uint8"));
  assertEquals(tensor.shape!.dim.map((dim) => dim.value), [
    { case: "dimValue", value: 3n },
    { case: "dimValue", value: 4n },
  ]);
});

Deno.test("every element type passes through ONNX Runtime unchanged", async () => {
  for (const dtype of DTYPES) {
    const x = filled(dtype, [2, 3], 1);
    const { y } = await runGraph({ y: identity(input("x", dtype, [2, 3])) }, { x });
    assertEquals(formatType(y!), formatType(x));
    assertEquals(bytesOf(y!), bytesOf(x));
  }
});
