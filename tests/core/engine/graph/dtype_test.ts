import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  allocate,
  byteSize,
  DTYPES,
  isFloat,
  viewBytes,
} from "../../../../core/engine/graph/dtype.ts";

Deno.test("allocate() takes as many bytes as the type needs", () => {
  for (const dtype of DTYPES) assertEquals(allocate(dtype, 3).byteLength, 3 * byteSize(dtype));
});

Deno.test("isFloat() is true of the types that gradients flow through", () => {
  assertEquals(DTYPES.filter(isFloat), ["float64", "float32", "float16", "bfloat16"]);
});

Deno.test("viewBytes() reads bytes in place", () => {
  const bytes = Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0, 0x40);
  const view = viewBytes("float32", bytes);
  assertEquals([...view], [1, 2]);
  assert(view.buffer === bytes.buffer);
  assertEquals([...viewBytes("bfloat16", bytes)], [0, 0x3f80, 0, 0x4000]);
});

Deno.test("viewBytes() rejects an offset or a length that does not suit the type", () => {
  const bytes = new Uint8Array(16);
  assertThrows(() => viewBytes("float64", bytes.subarray(4, 12)), RangeError);
  assertThrows(() => viewBytes("float32", bytes.subarray(0, 6)), RangeError);
});
