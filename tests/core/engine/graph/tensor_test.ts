import { assert, assertEquals, assertThrows } from "@std/assert";
import { DTYPES, viewBytes } from "../../../../core/engine/graph/dtype.ts";
import { decodeNumbers } from "../../../../core/engine/graph/numbers.ts";
import {
  bytesOf,
  filled,
  float32,
  formatType,
  int64,
  sameType,
  tensor,
  zeros,
} from "../../../../core/engine/graph/tensor.ts";

Deno.test("tensor() keeps the data and checks its length", () => {
  const data = Float32Array.of(1, 2);
  assert(tensor("float32", [2, 1], data).data === data);
  assertThrows(
    () => tensor("float32", [3], data),
    RangeError,
    "Cannot make a float32[3]: it has 3 elements, found 2",
  );
});

Deno.test("zeros() and filled() make every type", () => {
  for (const dtype of DTYPES) {
    assertEquals(Array.from(zeros(dtype, [2, 2]).data, Number), [0, 0, 0, 0]);
    assertEquals(Array.from(decodeNumbers(filled(dtype, [2], 1))), [1, 1]);
  }
  assertEquals([...int64([2], [3, -4]).data], [3n, -4n]);
  assertEquals([...filled("float16", [1], 0.1).data], [Math.f16round(0.1)]);
});

Deno.test("filled() and int64() refuse numbers that their type cannot hold", () => {
  assertThrows(
    () => filled("int32", [2], 1.5),
    RangeError,
    "Cannot make a int32[2]: int32 holds integers from -2147483648 to 2147483647, found 1.5",
  );
  assertThrows(() => int64([1], [0.5]), RangeError, "Cannot make a int64[1]: int64 holds integers");
});

Deno.test("formatType() and sameType() tell types apart", () => {
  assertEquals(formatType(float32([2, 1], [0, 0])), "float32[2,1]");
  assertEquals(formatType(int64([], [5])), "int64[]");
  assertEquals(sameType(zeros("float32", [2]), zeros("float32", [2])), true);
  assertEquals(sameType(zeros("float32", [2]), zeros("float64", [2])), false);
  assertEquals(sameType(zeros("float32", [2]), zeros("float32", [2, 1])), false);
});

Deno.test("bytesOf() and viewBytes() look at the same memory", () => {
  const whole = Float32Array.of(1, 2, 3);
  const bytes = bytesOf(tensor("float32", [2], whole.subarray(1)));
  assertEquals(bytes.byteLength, 8);
  assertEquals([...viewBytes("float32", bytes)], [2, 3]);
  bytes.fill(0);
  assertEquals([...whole], [1, 0, 0]);
});
