import { assertEquals, assertThrows } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { constant, input, scalar, Value } from "../../../../core/engine/graph/value.ts";

Deno.test("input() declares a type under a name", () => {
  const x = input("images", "uint8", [2, 3]);
  assertEquals(x.source, { kind: "input", name: "images" });
  assertEquals([x.dtype, x.shape, x.rank], ["uint8", [2, 3], 2]);
});

Deno.test("input() rejects an empty name and lengths that are not positive integers", () => {
  assertThrows(() => input("", "float32", []), TypeError, "its name must not be empty");
  for (const length of [0, -1, 1.5, NaN]) {
    assertThrows(
      () => input("x", "float32", [2, length]),
      RangeError,
      `Cannot declare input "x": lengths must be positive integers, found [2,${length}]`,
    );
  }
});

Deno.test("input() does not see later changes of the shape that it was given", () => {
  const shape = [2, 3];
  const x = input("x", "float32", shape);
  shape[0] = 7;
  assertEquals(x.shape, [2, 3]);
});

Deno.test("constant() and scalar() hold their tensor", () => {
  const tensor = float32([1], [3]);
  assertEquals(constant(tensor).source, { kind: "constant", tensor });
  const two = scalar(2, "int64");
  assertEquals(two.shape, []);
  assertEquals(two.source.kind === "constant" && two.source.tensor.data[0], 2n);
  assertEquals(two instanceof Value, true);
});
