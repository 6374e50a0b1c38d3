import { assert, assertEquals, assertThrows } from "@std/assert";
import { type DType, DTYPES } from "../../../../core/engine/graph/dtype.ts";
import { filled, float32, int64, tensor } from "../../../../core/engine/graph/tensor.ts";
import { DeviceTensor } from "../../../../core/engine/ort/device_tensor.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import { identityModel } from "./small_models.ts";

for (const dtype of DTYPES) {
  Deno.test(`DeviceTensor holds ${dtype}, and sessions read and write it`, async () => {
    const value = filled<DType>(dtype, [3, 5], 1);
    using session = await Session.create(identityModel(value), { threads: 1 });
    using x = DeviceTensor.from<DType>(value);
    using y = DeviceTensor.empty<DType>(value);
    assertEquals(x.read(), value);
    assertEquals(x.data, value.data);
    using binding = session.bind({ x }, { y });
    await binding.run();
    assertEquals(y.read(), value);
  });
}

Deno.test("DeviceTensor.data is the memory itself", () => {
  using x = DeviceTensor.from(float32([3], [1, 2, 3]));
  x.data[1] = 20;
  assertEquals(x.read(), float32([3], [1, 20, 3]));
  x.write(float32([3], [4, 5, 6]));
  assertEquals(x.data, Float32Array.of(4, 5, 6));
  assert(x.data === x.data);
});

Deno.test("DeviceTensor.read() is a copy", () => {
  using x = DeviceTensor.from(float32([1], [1]));
  const before = x.read();
  x.data[0] = 2;
  assertEquals(before, float32([1], [1]));
});

Deno.test("DeviceTensor is aligned to 64 bytes on the host", () => {
  for (let length = 1; length < 50; length += 7) {
    using x = DeviceTensor.empty({ dtype: "float32", shape: [length] });
    assertEquals(Deno.UnsafePointer.value(Deno.UnsafePointer.of(x.data)) % 64n, 0n);
  }
});

Deno.test("DeviceTensor holds scalars and tensors without elements", () => {
  using scalar = DeviceTensor.from(int64([], [7]));
  assertEquals(scalar.read(), int64([], [7]));
  using none = DeviceTensor.from(float32([0, 3], []));
  assertEquals(none.read(), float32([0, 3], []));
  assertEquals(none.data.length, 0);
});

Deno.test("DeviceTensor.write() refuses another type", () => {
  using x = DeviceTensor.empty({ dtype: "float32", shape: [2, 2] });
  assertThrows(
    () => x.write(float32([4], [1, 2, 3, 4])),
    TypeError,
    "Cannot write to a float32[2,2]: the type must be the same, found float32[4]",
  );
});

Deno.test("DeviceTensor.empty() refuses lengths that are none", () => {
  for (const length of [-1, 1.5]) {
    assertThrows(
      () => DeviceTensor.empty({ dtype: "float32", shape: [2, length] }),
      RangeError,
      `lengths must be non-negative integers, found ${length}`,
    );
  }
});

Deno.test("DeviceTensor refuses use after it is disposed, and its view is empty", () => {
  const x = DeviceTensor.from(float32([2], [1, 2]));
  const view = x.data;
  x[Symbol.dispose]();
  x[Symbol.dispose]();
  assertEquals(view.length, 0);
  const reason = "Cannot use the float32[2]: it must not be disposed yet, found it disposed";
  assertThrows(() => x.data, TypeError, reason);
  assertThrows(() => x.read(), TypeError, reason);
  assertThrows(() => x.write(float32([2], [1, 2])), TypeError, reason);
});

Deno.test("DeviceTensor.from() copies: the host tensor may change afterwards", () => {
  const data = Float32Array.of(1, 2);
  using x = DeviceTensor.from(tensor("float32", [2], data));
  data[0] = 9;
  assertEquals(x.data, Float32Array.of(1, 2));
});

Deno.test("DeviceTensor.part() is read and written by sessions as its whole is", async () => {
  using session = await Session.create(identityModel(float32([2, 2], [0, 0, 0, 0])), {
    threads: 1,
  });
  using whole = DeviceTensor.from(float32([10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  using x = DeviceTensor.part(whole, 1, { dtype: "float32", shape: [2, 2] });
  using y = DeviceTensor.part(whole, 6, { dtype: "float32", shape: [2, 2] });
  using binding = session.bind({ x }, { y });
  await binding.run();
  assertEquals([...whole.data], [0, 1, 2, 3, 4, 5, 1, 2, 3, 4]);
  assertEquals(y.read(), float32([2, 2], [1, 2, 3, 4]));
});

Deno.test("DeviceTensor.part() keeps the memory of its whole, and a binding that of both", async () => {
  using session = await Session.create(identityModel(float32([2], [0, 0])), { threads: 1 });
  using y = DeviceTensor.empty({ dtype: "float32", shape: [2] });
  const whole = DeviceTensor.from(float32([1 << 20], new Float32Array(1 << 20).fill(3)));
  const x = DeviceTensor.part(whole, (1 << 20) - 2, { dtype: "float32", shape: [2] });
  whole[Symbol.dispose]();
  assertEquals(x.read(), float32([2], [3, 3]));
  using binding = session.bind({ x }, { y });
  x[Symbol.dispose]();
  // What is freed is soon written by others.
  using _other = DeviceTensor.from(float32([1 << 20], new Float32Array(1 << 20).fill(5)));
  await binding.run();
  assertEquals(y.read(), float32([2], [3, 3]));
});

Deno.test("DeviceTensor.part() refuses what is not part of the whole", () => {
  using whole = DeviceTensor.from(float32([4], [0, 1, 2, 3]));
  for (const offset of [-1, 3, 0.5]) {
    assertThrows(
      () => DeviceTensor.part(whole, offset, { dtype: "float32", shape: [2] }),
      RangeError,
      `must lie in it, found 2 elements from element ${offset} on`,
    );
  }
  assertThrows(
    () => DeviceTensor.part(whole, 0, { dtype: "int64", shape: [2] }),
    TypeError,
    "both must have one element type",
  );
});
