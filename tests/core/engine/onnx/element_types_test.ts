import { assertEquals } from "@std/assert";
import { DTYPES } from "../../../../core/engine/graph/dtype.ts";
import { elementNumber, elementType } from "../../../../core/engine/onnx/element_types.ts";

Deno.test("elementType() inverts elementNumber() for every type", () => {
  for (const dtype of DTYPES) assertEquals(elementType(elementNumber(dtype)), dtype);
});

Deno.test("elementType() knows no strings", () => {
  assertEquals(elementType(8), undefined);
});
