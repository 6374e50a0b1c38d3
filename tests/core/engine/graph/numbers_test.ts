import { assertEquals, assertThrows } from "@std/assert";
import { type DType, DTYPES, isFloat } from "../../../../core/engine/graph/dtype.ts";
import {
  checkNumber,
  decodeNumbers,
  encodeNumbers,
} from "../../../../core/engine/graph/numbers.ts";
import { tensor } from "../../../../core/engine/graph/tensor.ts";

Deno.test("encodeNumbers() rounds to the nearest bfloat16, of two to the even one", () => {
  const cases: readonly (readonly [number, number])[] = [
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3f80],
    [-2, 0xc000],
    [3.14159, 0x4049],
    [1 + 2 ** -8, 0x3f80],
    [1 + 3 * 2 ** -8, 0x3f82],
    [-1 - 3 * 2 ** -8, 0xbf82],
    // A float32 would be halfway, which the number is not.
    [1 + 2 ** -8 + 2 ** -30, 0x3f81],
    [1 + 3 * 2 ** -8 - 2 ** -30, 0x3f81],
    [2 ** -133, 0x0001],
    [2 ** -134, 0x0000],
    [(2 - 2 ** -7) * 2 ** 127, 0x7f7f],
    [(2 - 2 ** -9) * 2 ** 127, 0x7f80],
    [1e300, 0x7f80],
    [-Infinity, 0xff80],
    [NaN, 0x7fc0],
  ];
  const bits = encodeNumbers("bfloat16", cases.map(([number]) => number));
  assertEquals([...bits], cases.map(([, expected]) => expected));
});

Deno.test("decodeNumbers() gives back what every type can hold", () => {
  for (const dtype of DTYPES) {
    const numbers = dtype === "bool" ? [0, 1] : isFloat(dtype) ? [0.5, -3, 1e4] : [0, 1, 100];
    const rounded = dtype === "bfloat16" ? [0.5, -3, 9984] : numbers;
    const data = encodeNumbers(dtype, numbers);
    assertEquals(Array.from(decodeNumbers(tensor(dtype, [data.length], data))), rounded, dtype);
  }
});

Deno.test("checkNumber() refuses what an integer type cannot hold", () => {
  const held: readonly (readonly [DType, number])[] = [
    ["int64", -(2 ** 63)],
    ["int32", 2 ** 31 - 1],
    ["int8", -128],
    ["uint8", 255],
    ["bool", 1],
    ["float16", 1e9],
  ];
  for (const [dtype, number] of held) checkNumber(dtype, number);
  const refused: readonly (readonly [DType, number, string])[] = [
    ["int32", 1.5, "int32 holds integers from -2147483648 to 2147483647, found 1.5"],
    ["int64", 2 ** 63, "int64 holds integers from -9223372036854775808 to 9223372036854775807"],
    ["int8", 128, "int8 holds integers from -128 to 127, found 128"],
    ["uint16", -1, "uint16 holds integers from 0 to 65535, found -1"],
    ["uint8", NaN, "uint8 holds integers from 0 to 255, found NaN"],
    ["int16", Infinity, "int16 holds integers from -32768 to 32767, found Infinity"],
    ["bool", 2, "bool holds integers from 0 to 1, found 2"],
  ];
  for (const [dtype, number, reason] of refused) {
    assertThrows(() => checkNumber(dtype, number), RangeError, reason);
    assertThrows(() => encodeNumbers(dtype, [0, number]), RangeError, reason);
  }
});
