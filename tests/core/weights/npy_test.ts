import { assertEquals, assertRejects } from "@std/assert";
import { float32, type Tensor, tensor } from "../../../core/engine/graph/tensor.ts";
import { readNpy, writeNpy } from "../../../core/weights/npy.ts";
import { randomAccessOf } from "../../../core/files/random_access.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../fixtures/golden/npy_format.safetensors", import.meta.url).pathname;

async function goldens(): Promise<Map<string, Tensor>> {
  return (await readSafetensors(GOLDEN)).tensors;
}

function bytesNamed(tensors: ReadonlyMap<string, Tensor>, name: string): Uint8Array {
  return tensors.get(name)!.data as Uint8Array;
}

function namesOfArrays(tensors: ReadonlyMap<string, Tensor>): string[] {
  return [...tensors.keys()].filter((name) => name.endsWith(".value")).map((name) =>
    name.slice(0, -".value".length)
  );
}

/** A file of version 1 with this header, and so many bytes of data. */
function npyFile(header: string, dataBytes: number, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const start = [0x93, ...new TextEncoder().encode("NUMPY"), version, 0];
  const bytes = new Uint8Array(10 + text.length + dataBytes);
  bytes.set([...start, text.length & 0xff, text.length >> 8, ...text]);
  return bytes;
}

Deno.test("readNpy() reads NumPy's files of versions 1 to 3, all types and both orders", async () => {
  const tensors = await goldens();
  const names = namesOfArrays(tensors);
  assertEquals(names.length, 12);
  for (const name of names) {
    for (const version of [1, 2, 3]) {
      const bytes = bytesNamed(tensors, `${name}.v${version}`);
      const value = await readNpy(randomAccessOf(`${name}.npy`, bytes));
      assertEquals(value, tensors.get(`${name}.value`)!, `${name}, version ${version}`);
    }
  }
});

Deno.test("writeNpy() writes the very bytes of NumPy", async () => {
  const tensors = await goldens();
  const folder = await Deno.makeTempDir();
  try {
    for (const name of namesOfArrays(tensors)) {
      // NumPy keeps columns first where we write rows first.
      if (name === "columns") continue;
      const path = `${folder}/${name}.npy`;
      await writeNpy(path, tensors.get(`${name}.value`)!);
      assertEquals(new Uint8Array(await Deno.readFile(path)), bytesNamed(tensors, `${name}.v1`));
    }
    const path = `${folder}/features.npy`;
    await assertRejects(() => writeNpy(path, float32([1], [1])), Deno.errors.AlreadyExists, path);
    const bits = tensor("bfloat16", [1], Uint16Array.of(1));
    await assertRejects(
      () => writeNpy(`${folder}/bits.npy`, bits),
      TypeError,
      "must be one that NumPy has, found bfloat16",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readNpy() refuses objects, texts, records, complex and big-endian numbers", async () => {
  const tensors = await goldens();
  const cases = [["object", "|O"], ["text", "<U1"], ["complex", "<c8"], ["big_endian", ">f4"]];
  for (const [name, found] of cases) {
    await assertRejects(
      () => readNpy(randomAccessOf("a.npy", bytesNamed(tensors, `unsupported.${name}`))),
      TypeError,
      `found "'${found}'"`,
    );
  }
  await assertRejects(
    () => readNpy(randomAccessOf("a.npy", bytesNamed(tensors, "unsupported.record"))),
    TypeError,
    "Cannot read a.npy: the element type must be one of <f8, <f4",
  );
});

Deno.test("readNpy() refuses headers that break a rule", async () => {
  const header = (shape: string) =>
    `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }\n`;
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "must begin with"],
    [npyFile(header("(1,)"), 4, 4), "the version must be 1, 2 or 3, found 4"],
    [npyFile(header("(1,)"), 3), "a float32[1] must take 4 bytes after the header, found 3"],
    [npyFile(header("(1,)"), 5), "must take 4 bytes after the header, found 5"],
    [npyFile(header("(-1,)"), 4), "the header must have one shape"],
    [npyFile(header("(1,,2)"), 8), "the shape must have lengths below 2^53"],
    [npyFile(header("(99999999999999999999,)"), 4), "the shape must have lengths below 2^53"],
    [npyFile(header("(9007199254740991, 9007199254740991)"), 4), "must take 3.24"],
    [npyFile("{'descr': '<f4'}", 4), "must be a dictionary of descr, fortran_order and shape"],
    [npyFile(header("(1,), 'shape': (2,)"), 4), "must be a dictionary of descr"],
    [npyFile(header(`(${" ".repeat(60000)}`), 4), "the header must have one shape"],
  ];
  for (const [bytes, message] of cases) {
    await assertRejects(() => readNpy(randomAccessOf("wrong.npy", bytes)), SyntaxError, message);
  }
});

Deno.test("readNpy() reads the shape of Python 2's long integers", async () => {
  const bytes = npyFile("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 1L), }\n", 8);
  assertEquals(await readNpy(randomAccessOf("a.npy", bytes)), float32([2, 1], [0, 0]));
});
