import { assert, assertEquals } from "@std/assert";
import { randomAccessOf } from "../../../core/files/random_access.ts";
import { readStrided } from "../../../core/weights/strided.ts";

Deno.test("readStrided() gathers a transposed view row by row", async () => {
  const bytes = new Uint8Array(Float32Array.of(9, 0, 1, 2, 3, 4, 5).buffer);
  const view = { dtype: "float32", shape: [2, 3], strides: [1, 2], offset: 4 } as const;
  const data = await readStrided(randomAccessOf("a", bytes), view);
  assertEquals(data, Float32Array.of(0, 2, 4, 1, 3, 5));
});

Deno.test("readStrided() reads a view that spans much in parts, none above 8 MiB", async () => {
  const [rows, columns] = [3, 2 ** 22];
  const size = 4 * rows * columns;
  let largest = 0;
  const source = {
    path: "computed",
    size,
    read(position: number, length: number) {
      largest = Math.max(largest, length);
      const values = new Int32Array(length / 4);
      for (let i = 0; i < values.length; i++) values[i] = position / 4 + i;
      return Promise.resolve(new Uint8Array(values.buffer));
    },
    [Symbol.dispose]() {},
  };
  const shape = [4, rows];
  const data = await readStrided(source, {
    dtype: "int32",
    shape,
    strides: [2 ** 20, columns],
    offset: 0,
  });
  const expected = [0, 1, 2, 3].flatMap((i) => [0, 1, 2].map((row) => i * 2 ** 20 + row * columns));
  assertEquals([...data], expected);
  assert(largest <= 2 ** 23, `${largest} bytes were read at once`);
});

Deno.test("readStrided() reads nothing of an empty view", async () => {
  const view = { dtype: "int64", shape: [3, 0], strides: [5, 1], offset: 100 } as const;
  assertEquals((await readStrided(randomAccessOf("none", new Uint8Array(0)), view)).length, 0);
});
