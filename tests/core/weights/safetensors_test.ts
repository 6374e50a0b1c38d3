import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { allocate, type DataOf, type DType, DTYPES } from "../../../core/engine/graph/dtype.ts";
import { bytesOf, float32, type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import {
  openSafetensors,
  readSafetensors,
  writeSafetensors,
} from "../../../core/weights/safetensors.ts";
import { inFolder } from "../../in_folder.ts";

const GOLDEN = new URL("../../../fixtures/golden/safetensors_format.safetensors", import.meta.url)
  .pathname;
const METADATA = { title: 'two "quoted" words\n and größe' };
const SPECIAL = [0, -0, 1.5, -2.25, Infinity, -Infinity];

function of<D extends DType>(dtype: D, shape: number[], values: (number | bigint)[]): Tensor<D> {
  const data: DataOf<D> = allocate(dtype, values.length);
  values.forEach((value, i) => data[i] = value as never);
  return tensor(dtype, shape, data);
}

/** What reference/safetensors_format.py writes; bfloat16 as its bits. */
const EXPECTED: Record<string, Tensor> = {
  "encoder.scalar": float32([], [0.1]),
  "encoder.empty": float32([0, 3], []),
  "encoder.größe": float32([2, 3], SPECIAL),
  double: of("float64", [7], [...SPECIAL, 0.1]),
  half: of("float16", [8], [...SPECIAL, 65504, 2 ** -24]),
  brain: of("bfloat16", [8], [
    ...[0x0000, 0x8000, 0x3fc0, 0xc010, 0x7f80, 0xff80, 0x7f62, 0x3dcd],
  ]),
  long: of("int64", [4], [-(2n ** 63n), -1n, 2n ** 53n + 1n, 2n ** 63n - 1n]),
  int: of("int32", [2, 1], [-(2 ** 31), 2 ** 31 - 1]),
  short: of("int16", [3], [-(2 ** 15), 2 ** 15 - 1, 7]),
  unsigned_short: of("uint16", [3], [0, 2 ** 16 - 1, 7]),
  byte: of("uint8", [3], [0, 255, 3]),
  signed_byte: of("int8", [3], [-128, 127, 3]),
  flags: of("bool", [1, 3], [1, 0, 1]),
};

/** A file of a header, given as text, and so many bytes of data. */
function fileOf(header: string, dataBytes: number, headerLength?: bigint): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, headerLength ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

async function rejectionOf(folder: string, bytes: Uint8Array): Promise<Error> {
  const path = `${folder}/broken.safetensors`;
  await Deno.writeFile(path, bytes);
  const error = await assertRejects(() => openSafetensors(path));
  assertStringIncludes(error.message, `Cannot read ${path}: `);
  return error;
}

Deno.test("readSafetensors() reads every element type from a file of the format's own library", async () => {
  const { metadata, tensors } = await readSafetensors(GOLDEN);
  assertEquals(metadata, METADATA);
  assertEquals(Object.fromEntries(tensors), EXPECTED);
  assertEquals(new Set(tensors.values().map(({ dtype }) => dtype)), new Set(DTYPES));
});

Deno.test("writeSafetensors() writes the very bytes of the format's own library", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/ours.safetensors`;
    const reversed = Object.entries(EXPECTED).reverse();
    await writeSafetensors(path, reversed, { metadata: METADATA });
    assertEquals(await Deno.readFile(path), await Deno.readFile(GOLDEN));
  });
});

Deno.test("writeSafetensors() writes an empty file that can be read", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/empty.safetensors`;
    await writeSafetensors(path, []);
    assertEquals(await Deno.readFile(path), fileOf("{}      ", 0));
    assertEquals(await readSafetensors(path), { metadata: {}, tensors: new Map() });
  });
});

Deno.test("writeSafetensors() reads sources one after the other", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/streamed.safetensors`;
    let open = 0;
    const source = (value: Tensor) => ({
      dtype: value.dtype,
      shape: value.shape,
      async read() {
        assertEquals(open++, 0);
        await Promise.resolve();
        open--;
        return value;
      },
    });
    await writeSafetensors(path, [
      ["a", source(float32([2], [1, 2]))],
      ["b", source(float32([1], [3]))],
    ]);
    const { tensors } = await readSafetensors(path);
    assertEquals(tensors.get("a"), float32([2], [1, 2]));
    assertEquals(tensors.get("b"), float32([1], [3]));
  });
});

Deno.test("writeSafetensors() leaves nothing behind when a source fails or gives another type", async () => {
  await inFolder(async (folder) => {
    const failing = { dtype: "float32", shape: [1] } as const;
    await assertRejects(
      () =>
        writeSafetensors(`${folder}/a.safetensors`, [
          ["x", { ...failing, read: () => Promise.reject(new Error("device lost")) }],
        ]),
      Error,
      "device lost",
    );
    await assertRejects(
      () =>
        writeSafetensors(`${folder}/a.safetensors`, [
          ["x", { ...failing, read: () => Promise.resolve(float32([2], [1, 2])) }],
        ]),
      TypeError,
      'tensor "x" must be a float32[1], found float32[2]',
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("writeSafetensors() keeps an existing file unless told otherwise", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    await writeSafetensors(path, [["a", float32([1], [1])]]);
    await assertRejects(
      () => writeSafetensors(path, [["a", float32([1], [2])]]),
      Deno.errors.AlreadyExists,
      "the name must be free",
    );
    assertEquals((await readSafetensors(path)).tensors.get("a"), float32([1], [1]));
    await writeSafetensors(path, [["a", float32([1], [2])]], { overwrite: true });
    assertEquals((await readSafetensors(path)).tensors.get("a"), float32([1], [2]));
  });
});

Deno.test("writeSafetensors() rejects a name that stands twice or is the metadata's", async () => {
  const x = float32([1], [1]);
  await inFolder(async (folder) => {
    const path = `${folder}/twice.safetensors`;
    await assertRejects(
      () => writeSafetensors(path, [["x", x], ["x", x]]),
      TypeError,
      `Cannot write ${path}: a tensor's name must be its own, found "x" in use`,
    );
    await assertRejects(() => writeSafetensors(path, [["__metadata__", x]]), TypeError, "in use");
  });
});

Deno.test("SafetensorsFile gives types and the places of bytes, without reading them", async () => {
  using file = await openSafetensors(GOLDEN);
  const bytes = await Deno.readFile(GOLDEN);
  for (const [name, expected] of Object.entries(EXPECTED)) {
    assertEquals(file.type(name), { dtype: expected.dtype, shape: expected.shape });
    const wanted = bytesOf(expected);
    const start = file.offset(name);
    assertEquals(new Uint8Array(bytes.slice(start, start + wanted.length)), wanted);
    assertEquals(start % expected.data.BYTES_PER_ELEMENT, 0, `${name} is aligned`);
  }
  assert(file.has("half"));
  assert(!file.has("whole"));
});

Deno.test("SafetensorsFile.read() answers reads that overlap in time", async () => {
  using file = await openSafetensors(GOLDEN);
  const names = file.names;
  const values = await Promise.all(names.map((name) => file.read(name)));
  values.forEach((value, i) => assertEquals(value, EXPECTED[names[i]!]));
});

Deno.test("SafetensorsFile.read() suggests the nearest name", async () => {
  using file = await openSafetensors(GOLDEN);
  assertThrows(() => file.type("doubel"), RangeError, 'did you mean "double"?');
  await assertRejects(() => file.read("encoder.scala"), RangeError, '"encoder.scalar"');
});

Deno.test("SafetensorsFile.read() reports a file that was cut after it was opened", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/cut.safetensors`;
    await writeSafetensors(path, [["a", float32([4], [1, 2, 3, 4])]]);
    using file = await openSafetensors(path);
    await Deno.truncate(path, (await Deno.stat(path)).size - 3);
    await assertRejects(() => file.read("a"), SyntaxError, `Cannot read tensor "a" of ${path}`);
  });
});

Deno.test("openSafetensors() rejects files whose header cannot be", async () => {
  await inFolder(async (folder) => {
    const cases: [Uint8Array, string][] = [
      [new Uint8Array(0), "must have 8 bytes or more, found 0"],
      [new Uint8Array(7), "must have 8 bytes or more, found 7"],
      [fileOf("{}", 0, 3n), "must take at most 2, found 3"],
      [fileOf("{}", 0, 2n ** 64n - 1n), "must take at most 2, found 18446744073709552000"],
      [fileOf("{}", 1), "the tensors must fill the 1 bytes after the header, found 0"],
      [fileOf("", 0), "the header must be JSON in UTF-8"],
      [fileOf("[]", 0), "the header must be a JSON object, found []"],
      [fileOf(" {}", 0), "the header must be a JSON object"],
      [fileOf("\uFEFF{}", 0), "the header must be JSON in UTF-8"],
    ];
    for (const [bytes, message] of cases) {
      const error = await rejectionOf(folder, bytes);
      assert(error instanceof SyntaxError);
      assertStringIncludes(error.message, message);
    }
  });
});
